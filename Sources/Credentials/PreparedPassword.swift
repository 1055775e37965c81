/// Why a text cannot be a password.
public enum PasswordError: Error, Hashable, Sendable {
    case empty
    case tooLong
    /// A character that RFC 4013 §2.3 prohibits: control, private use, unassigned.
    case prohibitedCharacter
}

extension PasswordError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the password is empty"
        case .tooLong: "the password is longer than \(PreparedPassword.maximumOctets) octets"
        case .prohibitedCharacter: "the password has a control character, or another one that passwords may not have (RFC 4013)"
        }
    }
}

/// A password in the form from which keys are made (``SASLPreparation``).
public struct PreparedPassword: Hashable, Sendable {
    /// Before preparation.
    public static let maximumOctets = 1024

    /// UTF-8, one octet or more.
    let octets: [UInt8]
    /// The form before normalisation, where that is another one. Keys that were made before passwords were normalised are of this form,
    /// and mechanisms without SASLprep (NTLM, CRAM-MD5) know no other.
    let typed: [UInt8]?

    public init(_ password: String) throws(PasswordError) {
        guard password.utf8.count <= Self.maximumOctets else { throw .tooLong }
        guard let octets = SASLPreparation.prepare(password), let typed = SASLPreparation.mapped(password) else {
            throw .prohibitedCharacter
        }
        guard !octets.isEmpty else { throw .empty }
        self.octets = octets
        self.typed = typed == octets ? nil : typed
    }

    /// What no preparation yields, to do the work of a check with: NUL is prohibited.
    static let unusable = PreparedPassword(octets: [0])

    init(octets: [UInt8]) { (self.octets, typed) = (octets, nil) }
}

extension PreparedPassword: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never the password: values end up in logs.
    public var description: String { "(password)" }
    public var debugDescription: String { description }
}
