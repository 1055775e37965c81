import MailVocabulary

/// The local addresses that outgoing connections come from, one per family; nil is the kernel's choice.
public struct SourceAddresses: Hashable, Sendable {
    public let ipv4: IPAddress?
    public let ipv6: IPAddress?

    public static let any = SourceAddresses(ipv4: nil, ipv6: nil)

    /// - Precondition: each address is of its family.
    public init(ipv4: IPAddress?, ipv6: IPAddress?) {
        precondition(ipv4.map { $0.family == .ipv4 } ?? true && ipv6.map { $0.family == .ipv6 } ?? true)
        (self.ipv4, self.ipv6) = (ipv4, ipv6)
    }

    func address(for family: IPAddress.Family) -> IPAddress? { family == .ipv4 ? ipv4 : ipv6 }
}
