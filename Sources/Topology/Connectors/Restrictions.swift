/// Who may send over a connector (S24). Rejecting wins over accepting.
public struct Restrictions: Hashable, Sendable {
    public enum Default: String, Hashable, Sendable, CaseIterable {
        case accept, reject
    }

    /// For whom neither list matches.
    public let byDefault: Default
    /// Matches the authenticated account only; counts where the default is to reject.
    public let acceptFrom: [Principal]
    /// Matches the authenticated account, or, where there is none, the reverse-path.
    public let rejectFrom: [Principal]
    /// Where they are written: at the other connector, where they are another's.
    public let location: SourceLocation
    /// The connector that they are written at; nil: this one.
    public let sameAs: SameAs?

    public init(
        byDefault: Default = .accept, acceptFrom: [Principal] = [], rejectFrom: [Principal] = [], location: SourceLocation = .builtIn,
        sameAs: SameAs? = nil
    ) {
        (self.byDefault, self.acceptFrom, self.rejectFrom) = (byDefault, acceptFrom, rejectFrom)
        (self.location, self.sameAs) = (location, sameAs)
    }

    public static let none = Restrictions()
}
