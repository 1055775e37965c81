import MailVocabulary

/// The arguments of a request, in order. Every word is what it says, also one that begins with `--`, which a password may; a flag is the
/// last word, for a request that has that flag.
struct ControlArguments {
    private var words: ArraySlice<String>
    private let defaultDomain: DomainName

    init(_ arguments: [String], defaultDomain: DomainName) { (words, self.defaultDomain) = (arguments[...], defaultDomain) }

    /// Whether the last word is this flag; asked before anything else.
    mutating func flag(_ name: String) -> Bool {
        guard words.last == name else { return false }
        words.removeLast()
        return true
    }

    mutating func optionalText() -> String? { words.popFirst() }

    /// Nothing may be left.
    func end() throws(ControlRefusal) {
        if let word = words.first { throw .usage("'\(word)' is one word too many") }
    }

    mutating func text(_ what: String) throws(ControlRefusal) -> String {
        guard let word = words.popFirst() else { throw .usage("\(what) is missing") }
        return word
    }

    /// One word, which is the last.
    mutating func lastText(_ what: String) throws(ControlRefusal) -> String {
        let word = try text(what)
        try end()
        return word
    }

    /// One address, which is the last word.
    mutating func lastAddress() throws(ControlRefusal) -> EmailAddress {
        let address = try address()
        try end()
        return address
    }

    /// An address; a bare name is in the default domain.
    mutating func address() throws(ControlRefusal) -> EmailAddress {
        let word = try text("an address")
        if let address = EmailAddress(parsing: word.contains("@") ? word : "\(word)@\(defaultDomain)") { return address }
        throw .usage("'\(word)' is not an address (accepted: name@domain, or a bare name in \(defaultDomain))")
    }

    /// All that follow; one at least.
    mutating func addresses() throws(ControlRefusal) -> [EmailAddress] {
        var addresses = [try address()]
        while !words.isEmpty { addresses.append(try address()) }
        return addresses
    }

    /// Seconds since 1970; nil for an empty word, or none.
    mutating func expiry() throws(ControlRefusal) -> Timestamp? {
        guard let word = words.popFirst(), !word.isEmpty else { return nil }
        guard let seconds = Int64(word), seconds > 0 else { throw .usage("'\(word)' is not a time in seconds") }
        return Timestamp(seconds: seconds)
    }
}
