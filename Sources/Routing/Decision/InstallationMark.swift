import MailVocabulary

/// Which installation a refusal code is of: two characters of a hash of its `hostname`, as `ab` in `R-7f3k2-ab`.
///
/// Refusals travel: a bounce that a user forwards may quote another server that runs Postern. The mark keeps its codes from being explained by
/// the rules of this one. There are 1,024 marks: two installations rarely share one, and nothing depends on it.
public struct InstallationMark: Hashable, Sendable {
    /// 10 bits.
    let value: UInt16

    /// - Parameter hostname: `hostname` of the configuration (E12).
    public init(of hostname: DomainName) { value = UInt16(truncatingIfNeeded: RefusalHash(hostname.text).value >> 54) }

    init(value: UInt16) { self.value = value & 0x3FF }
}

extension InstallationMark: CustomStringConvertible {
    /// `ab`.
    public var description: String { RefusalAlphabet.text(UInt32(value), characters: 2) }
}
