import CUnistring

#if canImport(Glibc)
    import Glibc
#endif

/// A normal form of Unicode (UAX #15), in which texts that look the same have the same octets.
public enum UnicodeNormalization: Sendable {
    /// Letters and their marks in one character where there is one: what most keyboards and programs produce.
    case composed
    /// The same, with ligatures, superscripts and other variants as what they stand for: what SASLprep asks for (RFC 4013 §2.2).
    case compatibilityComposed

    /// The text in this form, in UTF-8. Costs a few comparisons where the text is ASCII.
    ///
    /// - Returns: the text as it is where there is no memory for another one.
    public func of(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 >= 0x80 }) else { return text }
        let octets = Array(text.utf8)
        var length = 0
        let result =
            switch self {
            case .composed: postern_nfc(octets, octets.count, &length)
            case .compatibilityComposed: postern_nfkc(octets, octets.count, &length)
            }
        guard let normalized = result else { return text }
        defer { free(normalized) }
        return String(decoding: UnsafeBufferPointer(start: normalized, count: length), as: UTF8.self)
    }
}

extension StringProtocol {
    /// The form in which local parts and login names compare: lower case and composed, so that neither a shift key nor the program that it
    /// was typed in makes another name.
    public var comparableName: String { UnicodeNormalization.composed.of(lowercased()) }
}
