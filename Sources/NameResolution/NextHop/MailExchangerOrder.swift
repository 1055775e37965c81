import MailVocabulary

/// The order in which the mail exchangers of a domain are tried (RFC 5321 §5.1).
public enum MailExchangerOrder {
    /// By preference, lowest first; equal preferences in random order, which spreads the load.
    public static func ordered(
        _ exchangers: [MailExchanger], using generator: inout some RandomNumberGenerator
    ) -> [MailExchanger] {
        // The sort is stable: what was shuffled stays shuffled within one preference.
        exchangers.shuffled(using: &generator).sorted { $0.preference < $1.preference }
    }

    /// The exchangers that may be tried from a host that may be one of them: those preferred to our own.
    ///
    /// - Parameter isOurself: by name or by address.
    /// - Returns: all of them if none is ourself; empty if mail would loop back to us (5.4.6).
    public static func withoutLoop(
        _ exchangers: [MailExchanger], isOurself: (MailExchanger) -> Bool
    ) -> [MailExchanger] {
        guard let own = exchangers.lazy.filter(isOurself).map(\.preference).min() else { return exchangers }
        return exchangers.filter { $0.preference < own }
    }
}
