/// An answer, and what people want to know of it besides.
public struct LookupResult: Hashable, Sendable {
    public let answer: LookupAnswer
    /// Seconds for which the answer may be kept, the shortest of its records; of a negative answer as RFC 2308 has it. Nil without answer.
    public let timeToLive: Int?
    /// The name that CNAME records lead to, absolute; nil where there are none.
    public let canonicalName: String?

    public init(_ answer: LookupAnswer, timeToLive: Int? = nil, canonicalName: String? = nil) {
        (self.answer, self.timeToLive, self.canonicalName) = (answer, timeToLive, canonicalName)
    }
}
