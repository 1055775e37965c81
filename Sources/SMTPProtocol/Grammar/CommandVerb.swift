/// The first word of a command line.
enum CommandVerb: Hashable, Sendable {
    case helo, ehlo, mail, rcpt, data, bdat, rset, noop, vrfy, expn, help, quit
    case starttls, auth
    /// Known from extensions that are not offered.
    case etrn, atrn, turn
    /// A request of HTTP, by someone who was made to talk to us.
    case http

    /// Reads the word up to the first space, in any case (RFC 5321 §2.4); nil for a word that is none of ours.
    init?(_ word: UnsafeRawBufferPointer) {
        guard word.count >= 3, word.count <= 8 else { return nil }
        var packed: UInt64 = 0
        for byte in word {
            guard (0x61...0x7A).contains(byte | 0x20) else { return nil }
            packed = packed << 8 | UInt64(byte & 0xDF)
        }
        switch packed {
        case Self.packed("HELO"): self = .helo
        case Self.packed("EHLO"): self = .ehlo
        case Self.packed("MAIL"): self = .mail
        case Self.packed("RCPT"): self = .rcpt
        case Self.packed("DATA"): self = .data
        case Self.packed("BDAT"): self = .bdat
        case Self.packed("RSET"): self = .rset
        case Self.packed("NOOP"): self = .noop
        case Self.packed("VRFY"): self = .vrfy
        case Self.packed("EXPN"): self = .expn
        case Self.packed("HELP"): self = .help
        case Self.packed("QUIT"): self = .quit
        case Self.packed("STARTTLS"): self = .starttls
        case Self.packed("AUTH"): self = .auth
        case Self.packed("ETRN"): self = .etrn
        case Self.packed("ATRN"): self = .atrn
        case Self.packed("TURN"): self = .turn
        case Self.packed("GET"), Self.packed("POST"), Self.packed("PUT"), Self.packed("CONNECT"): self = .http
        default: return nil
        }
    }

    @inline(__always)
    private static func packed(_ name: StaticString) -> UInt64 {
        var packed: UInt64 = 0
        for index in 0..<name.utf8CodeUnitCount { packed = packed << 8 | UInt64(name.utf8Start[index]) }
        return packed
    }
}
