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

/// A password in the form from which keys are made: SASLprep (RFC 4013) as far as it goes without Unicode tables.
///
/// ASCII passes unchanged. Of the rest, spaces become U+0020, what SASLprep maps to nothing is dropped, prohibited characters are
/// refused. Not done are normalisation to NFKC and the check of bidirectional text: a password with letters beyond ASCII works
/// where it is always typed in the same normal form, which is NFC from every usual keyboard.
public struct PreparedPassword: Hashable, Sendable {
    /// Before preparation.
    public static let maximumOctets = 1024

    /// UTF-8, one octet or more.
    let octets: [UInt8]

    public init(_ password: String) throws(PasswordError) {
        guard password.utf8.count <= Self.maximumOctets else { throw .tooLong }
        var octets: [UInt8] = []
        octets.reserveCapacity(password.utf8.count)
        for scalar in password.unicodeScalars where !Self.isMappedToNothing(scalar) {
            switch scalar.properties.generalCategory {
            case .control, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator, .format:
                throw .prohibitedCharacter
            case .spaceSeparator:
                octets.append(0x20)
            default:
                octets += UTF8.encode(scalar).map { Array($0) } ?? []
            }
        }
        guard !octets.isEmpty else { throw .empty }
        self.octets = octets
    }

    /// What no preparation yields, to do the work of a check with: NUL is prohibited.
    static let unusable = PreparedPassword(octets: [0])

    private init(octets: [UInt8]) { self.octets = octets }

    /// RFC 3454 table B.1.
    private static func isMappedToNothing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }
}

extension PreparedPassword: CustomStringConvertible, CustomDebugStringConvertible {
    /// Never the password: values end up in logs.
    public var description: String { "(password)" }
    public var debugDescription: String { description }
}
