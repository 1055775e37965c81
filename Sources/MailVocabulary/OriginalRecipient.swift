/// The recipient as its sender named it: the meaning of `ORCPT=` (RFC 3461 §4.2) and of the field `Original-Recipient` (RFC 3464 §2.3.1).
public struct OriginalRecipient: Hashable, Sendable {
    /// `rfc822`, `utf-8` (RFC 6533 §3), or of another mail system; lower case.
    public let type: String
    /// The address itself, without any encoding. A stranger's word: it may have control characters in it.
    public let address: String

    /// A mail address.
    public init(_ address: EmailAddress) {
        (type, self.address) = (address.needsSMTPUTF8 ? Self.utf8 : Self.rfc822, "\(address)")
    }

    /// Reads the value of `ORCPT=`; nil where it is none.
    public init?(parameter: some StringProtocol) {
        guard let semicolon = parameter.firstIndex(of: ";") else { return nil }
        let type = parameter[..<semicolon].lowercased()
        let value = parameter[parameter.index(after: semicolon)...]
        let isAtom = type.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
        guard isAtom, !type.isEmpty, let address = type == Self.utf8 ? UTF8AddressXtext.decode(value) : Xtext.decode(value) else {
            return nil
        }
        (self.type, self.address) = (type, address)
    }

    /// The value of `ORCPT=`. ASCII alone, so that it can be said with and without SMTPUTF8.
    public var parameter: String { "\(type);\(type == Self.utf8 ? UTF8AddressXtext.encode(address) : Xtext.encode(address))" }

    /// The address, where it is one of Internet mail.
    public var emailAddress: EmailAddress? { type == Self.rfc822 || type == Self.utf8 ? EmailAddress(parsing: address) : nil }

    private static let rfc822 = "rfc822"
    private static let utf8 = "utf-8"
}
