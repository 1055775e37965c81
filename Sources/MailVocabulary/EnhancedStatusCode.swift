/// An enhanced mail system status code `class.subject.detail` (RFC 3463).
public struct EnhancedStatusCode: Hashable, Sendable {
    /// 2 success, 4 persistent transient failure, 5 permanent failure.
    public let classDigit: UInt8
    /// 0 to 999.
    public let subject: UInt16
    /// 0 to 999.
    public let detail: UInt16

    public init(_ classDigit: UInt8, _ subject: UInt16, _ detail: UInt16) {
        precondition([2, 4, 5].contains(classDigit) && subject <= 999 && detail <= 999, "RFC 3463 §2")
        (self.classDigit, self.subject, self.detail) = (classDigit, subject, detail)
    }

    /// Reads `5.7.1`; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
            let classDigit = UInt8(parts[0]), [2, 4, 5].contains(classDigit),
            let subject = UInt16(parts[1]), let detail = UInt16(parts[2])
        else { return nil }
        self.init(classDigit, subject, detail)
    }
}

extension EnhancedStatusCode: CustomStringConvertible {
    public var description: String { "\(classDigit).\(subject).\(detail)" }
}
