/// What a remote server's reply to `EHLO` announced (RFC 5321 §4.1.1.1). Keywords that no code here uses are dropped.
public struct RemoteExtensions: Hashable, Sendable {
    /// RFC 2920.
    public var pipelining = false
    /// RFC 1870: `SIZE` was announced, with or without a limit.
    public var size = false
    /// The announced limit in octets; nil for none, also where it was written as 0.
    public var maximumSize: Int?
    /// RFC 6152.
    public var eightBitMIME = false
    /// RFC 6531.
    public var smtpUTF8 = false
    /// RFC 3030 §2.
    public var chunking = false
    /// RFC 3030 §3.
    public var binaryMIME = false
    /// RFC 2034.
    public var enhancedStatusCodes = false
    /// RFC 3461.
    public var dsn = false
    /// RFC 3207.
    public var startTLS = false
    /// RFC 4954: the mechanisms, upper case; empty where AUTH was not announced.
    public var authenticationMechanisms: [String] = []

    private static let maximumMechanisms = 64

    private static func isMechanism(_ word: Substring) -> Bool {
        (1...20).contains(word.utf8.count)
            && word.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F }
    }

    public init() {}

    /// Several lines are one set. Bounded, and what is no name of a mechanism (RFC 4422 §3.1) is none.
    private mutating func addMechanisms(_ words: some Sequence<Substring>) {
        for word in words where Self.isMechanism(word) {
            guard authenticationMechanisms.count < Self.maximumMechanisms else { return }
            let name = String(word)
            if !authenticationMechanisms.contains(name) { authenticationMechanisms.append(name) }
        }
    }

    /// Reads the lines of the reply after the first, which is the server's name and greeting.
    init(lines: some Sequence<String>) {
        for line in lines {
            let words = line.uppercased().split(separator: " ")
            guard let keyword = words.first else { continue }
            switch keyword {
            case "PIPELINING": pipelining = true
            case "8BITMIME": eightBitMIME = true
            case "SMTPUTF8": smtpUTF8 = true
            case "CHUNKING": chunking = true
            case "BINARYMIME": binaryMIME = true
            case "ENHANCEDSTATUSCODES": enhancedStatusCodes = true
            case "DSN": dsn = true
            case "STARTTLS": startTLS = true
            case "AUTH": addMechanisms(words.dropFirst())
            // What servers wrote before RFC 2554, and still write beside the other form for the clients of that time.
            case _ where keyword.hasPrefix("AUTH="): addMechanisms([keyword.dropFirst(5)] + words.dropFirst())
            case "SIZE":
                size = true
                // A limit that is no number, or that does not fit, limits nothing.
                if words.count > 1, let limit = Int(words[1]), limit > 0 { maximumSize = limit }
            default: break
            }
        }
    }
}
