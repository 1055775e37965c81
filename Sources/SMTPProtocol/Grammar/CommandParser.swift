import MailVocabulary

/// Reads one command line (RFC 5321 §4.1 with RFC 6531, RFC 1870, RFC 3030, RFC 3461, RFC 3207, RFC 4954).
///
/// Verbs, keywords and `FROM:`/`TO:` are read in any case; space before the end of the line, and between `FROM:` and the path, is
/// tolerated, since clients in use write it. A path stands in angle brackets: without them nobody can say where an address
/// with odd characters ends.
struct CommandParser: Sendable {
    /// Completes `<Postmaster>` (RFC 5321 §4.1.1.3).
    let postmasterDomain: DomainName
    /// Whether STARTTLS is a command here, if only to be told that TLS is in use already.
    var knowsStartTLS = false
    /// Whether AUTH is a command here, and a parameter of MAIL.
    var knowsAuthentication = false

    /// Octets of a greeting's argument (RFC 5321 §4.5.3.1.2); as UTF-8 it is twice as long at most.
    static let maximumGreeting = 255

    /// - Parameters:
    ///   - line: without CRLF; no CR, LF or NUL in it.
    ///   - smtpUTF8: the transaction that runs began with SMTPUTF8.
    func parse(_ line: UnsafeRawBufferPointer, smtpUTF8: Bool) -> Result<SMTPCommand, CommandError> {
        var end = line.count
        while end > 0, line[end - 1] == UInt8(ascii: " ") { end -= 1 }
        var verbEnd = 0
        while verbEnd < end, line[verbEnd] != UInt8(ascii: " ") { verbEnd += 1 }
        guard let verb = CommandVerb(UnsafeRawBufferPointer(rebasing: line[..<verbEnd])) else { return .failure(.unknownCommand) }
        let argument = UnsafeRawBufferPointer(rebasing: line[min(verbEnd + 1, end)..<end])
        do throws(CommandError) {
            return .success(try command(verb, argument, smtpUTF8: smtpUTF8))
        } catch {
            return .failure(error)
        }
    }

    private func command(_ verb: CommandVerb, _ argument: UnsafeRawBufferPointer, smtpUTF8: Bool) throws(CommandError) -> SMTPCommand {
        switch verb {
        case .mail: return .mail(try sender(argument))
        case .rcpt: return .recipient(try recipient(argument, smtpUTF8: smtpUTF8))
        case .bdat: return try chunk(argument)
        case .helo: return .hello(.helo(try greeting(argument)))
        case .ehlo: return .hello(.ehlo(try greeting(argument)))
        case .data, .rset, .quit:
            guard argument.isEmpty else { throw .noArgument }
            return verb == .data ? .data : verb == .rset ? .reset : .quit
        case .vrfy, .expn:
            guard !argument.isEmpty else { throw .missingArgument }
            return verb == .vrfy ? .verify : .expand
        case .noop: return .noop
        case .help: return .help
        case .starttls:
            guard knowsStartTLS else { return .notOffered }
            guard argument.isEmpty else { throw .noArgument }
            return .startTLS
        case .auth: return knowsAuthentication ? .authenticate(try authentication(argument)) : .notOffered
        case .etrn, .atrn, .turn: return .notOffered
        case .http: throw .foreignProtocol
        }
    }

    /// A domain or an address literal, but also any other text: too many clients give a name that is none, such as that of the machine with
    /// its blanks and umlauts, and nothing depends on it. What is no UTF-8 is read as Latin-1.
    private func greeting(_ argument: UnsafeRawBufferPointer) throws(CommandError) -> String {
        let name = argument.drop { $0 == UInt8(ascii: " ") }
        guard !name.isEmpty, name.count <= Self.maximumGreeting, name.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .greetingSyntax
        }
        if let text = String(validating: name, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        for octet in name { text.append(Unicode.Scalar(octet)) }
        return String(text)
    }

    private func sender(_ argument: UnsafeRawBufferPointer) throws(CommandError) -> EnvelopeSender {
        let bytes = [UInt8](argument)
        guard let start = Self.pathStart(bytes, after: "FROM:") else { throw .mailSyntax }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "<") else { throw .senderWithoutBrackets }
        var parser = AddressParser(bytes: bytes, position: start)
        let reversePath: ReversePath
        if parser.nullPath() {
            reversePath = .null
        } else {
            guard let address = parser.path() else { throw .badSender }
            reversePath = .address(address)
        }
        var reader = ParameterReader(bytes: bytes, position: parser.position)
        let parameters = try MailParameters(&reader, knowsAuthentication: knowsAuthentication)
        guard parameters.smtpUTF8 || Self.isASCII(bytes[start..<parser.position]) else { throw .needsSMTPUTF8 }
        return EnvelopeSender(
            reversePath: reversePath, declaredSize: parameters.size, body: parameters.body ?? .sevenBit, smtpUTF8: parameters.smtpUTF8,
            returnContent: parameters.returnContent, envelopeID: parameters.envelopeID)
    }

    private func recipient(_ argument: UnsafeRawBufferPointer, smtpUTF8: Bool) throws(CommandError) -> EnvelopeRecipient {
        let bytes = [UInt8](argument)
        guard let start = Self.pathStart(bytes, after: "TO:") else { throw .recipientSyntax }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "<") else { throw .recipientWithoutBrackets }
        var parser = AddressParser(bytes: bytes, position: start)
        var path = parser.path()
        if path == nil {
            parser = AddressParser(bytes: bytes, position: start)
            if let local = parser.bareLocalPart(), local.utf8.equalsIgnoringCase("POSTMASTER") {
                path = EmailAddress(localPart: local, domain: .name(postmasterDomain))
            }
        }
        guard let address = path else { throw .badRecipient }
        guard smtpUTF8 || Self.isASCII(bytes[start..<parser.position]) else { throw .needsSMTPUTF8 }
        var reader = ParameterReader(bytes: bytes, position: parser.position)
        let parameters = try RecipientParameters(&reader, smtpUTF8: smtpUTF8)
        return EnvelopeRecipient(address: address, notify: parameters.notify, originalRecipient: parameters.originalRecipient)
    }

    /// `AUTH SP mechanism [ SP initial-response ]` (RFC 4954 §4).
    private func authentication(_ argument: UnsafeRawBufferPointer) throws(CommandError) -> AuthenticationRequest {
        let words = argument.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count == 1 || words.count == 2 else { throw .authenticationSyntax }
        return AuthenticationRequest(
            mechanism: String(decoding: words[0], as: UTF8.self), initialResponse: words.count == 2 ? [UInt8](words[1]) : nil)
    }

    /// `BDAT SP chunk-size [ SP "LAST" ]` (RFC 3030 §2).
    private func chunk(_ argument: UnsafeRawBufferPointer) throws(CommandError) -> SMTPCommand {
        let words = argument.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard let first = words.first, let size = DecimalNumber.read(first) else { throw .unreadableChunk }
        switch words.count {
        case 1: return .chunk(size: size, isLast: false)
        case 2 where words[1].equalsIgnoringCase("LAST"): return .chunk(size: size, isLast: true)
        default: throw .unreadableChunk
        }
    }

    /// The index of the path's first octet; nil where the keyword does not stand in front.
    private static func pathStart(_ bytes: [UInt8], after keyword: StaticString) -> Int? {
        let length = keyword.utf8CodeUnitCount
        guard bytes.count >= length, bytes[..<length].equalsIgnoringCase(keyword) else { return nil }
        var start = length
        while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
        return start
    }

    private static func isASCII(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.allSatisfy { $0 < 0x80 } }
}
