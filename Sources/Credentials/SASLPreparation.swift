/// SASLprep (RFC 4013) as far as it goes without Unicode tables, for passwords and login names.
///
/// ASCII passes unchanged. Of the rest, spaces become U+0020, what SASLprep maps to nothing is dropped, prohibited characters are
/// refused. Not done are normalisation to NFKC and the check of bidirectional text: a text with letters beyond ASCII works where
/// it is always typed in the same normal form, which is NFC from every usual keyboard.
public enum SASLPreparation {
    /// The prepared text as UTF-8, which may be empty; nil where it has a character that RFC 4013 §2.3 prohibits (control,
    /// private use, unassigned).
    public static func prepare(_ text: String) -> [UInt8]? {
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
