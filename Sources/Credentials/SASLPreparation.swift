import MailVocabulary

/// SASLprep (RFC 4013) for passwords and login names.
///
/// ASCII passes unchanged. Of the rest, spaces become U+0020, what SASLprep maps to nothing is dropped, the text is normalised, and one
/// with prohibited characters is refused. The rule about bidirectional text (RFC 4013 §2.4) is not applied: it would refuse a Hebrew word
/// with a digit behind it, which people use as a password, and no other form of the text would come of it.
public enum SASLPreparation {
    /// The password in the form from which keys are made, NFKC in UTF-8, which may be empty; nil where it has a character that RFC 4013 §2.3
    /// prohibits (control, private use, unassigned).
    public static func prepare(_ password: String) -> [UInt8]? {
        guard let mapped = mapped(password) else { return nil }
        guard mapped.contains(where: { $0 >= 0x80 }) else { return mapped }
        // What normalisation makes of permitted characters may be prohibited itself.
        return Self.mapped(UnicodeNormalization.compatibilityComposed.of(String(decoding: mapped, as: UTF8.self)))
    }

    /// A login name: the same, but composed only (NFC). As an address it has to stay the one that it is: `m²@` and `m2@` are two.
    public static func prepareName(_ name: String) -> [UInt8]? { mapped(UnicodeNormalization.composed.of(name)) }

    /// The text before it is normalised.
    static func mapped(_ text: String) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars where !isMappedToNothing(scalar) {
            switch scalar.properties.generalCategory {
            case .control, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator, .format:
                return nil
            case .spaceSeparator:
                octets.append(0x20)
            default:
                octets += UTF8.encode(scalar).map { Array($0) } ?? []
            }
        }
        return octets
    }

    /// RFC 3454 table B.1.
    private static func isMappedToNothing(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200B...0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
        default: false
        }
    }
}
