import MailVocabulary

/// Why a line is no command.
public struct CommandError: Error, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A verb, but with something wrong behind it.
        case syntax
        /// No verb of SMTP.
        case unknownCommand
        /// `BDAT` with an unreadable size: nobody knows where the next command begins.
        case lostPosition
        /// The line belongs to another protocol.
        case foreignProtocol
    }

    public let kind: Kind
    /// What the client is told.
    public let reply: Reply

    init(_ kind: Kind, _ reply: Reply) { (self.kind, self.reply) = (kind, reply) }
    init(_ reply: Reply) { (kind, self.reply) = (.syntax, reply) }
}

extension CommandError {
    static let unknownCommand = CommandError(.unknownCommand, Reply(500, "5.5.1", "Command not recognised"))
    static let foreignProtocol = CommandError(.foreignProtocol, Reply(554, "5.5.1", "This is an SMTP server"))
    static let unreadableChunk = CommandError(.lostPosition, Reply(501, "5.5.4", "Syntax: BDAT octets [LAST]"))

    static let greetingSyntax = CommandError(Reply(501, "5.5.4", "A greeting needs your host name: EHLO host.example"))
    static let mailSyntax = CommandError(Reply(501, "5.5.4", "Syntax: MAIL FROM:<address>"))
    static let recipientSyntax = CommandError(Reply(501, "5.5.4", "Syntax: RCPT TO:<address>"))
    static let authenticationSyntax = CommandError(Reply(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]"))
    static let noArgument = CommandError(Reply(501, "5.5.4", "This command takes no argument"))
    static let missingArgument = CommandError(Reply(501, "5.5.4", "This command needs an argument"))

    static let badSender = CommandError(Reply(501, "5.1.7", "Bad sender address syntax"))
    static let senderWithoutBrackets = CommandError(Reply(501, "5.1.7", "Bad sender address syntax: it stands in angle brackets"))
    static let badRecipient = CommandError(Reply(501, "5.1.3", "Bad recipient address syntax"))
    static let recipientWithoutBrackets = CommandError(Reply(501, "5.1.3", "Bad recipient address syntax: it stands in angle brackets"))
    /// RFC 6531 §3.5.
    static let needsSMTPUTF8 = CommandError(Reply(553, "5.6.7", "An address beyond ASCII needs SMTPUTF8 on MAIL"))

    static let parameterSyntax = CommandError(Reply(501, "5.5.4", "Bad parameter syntax"))
    static let unknownParameter = CommandError(Reply(555, "5.5.4", "Parameter not recognised or not offered"))
    static func badParameter(_ name: StaticString) -> CommandError { CommandError(Reply(501, "5.5.4", "Bad value of \(name)")) }
    static func duplicate(_ name: StaticString) -> CommandError { CommandError(Reply(501, "5.5.4", "\(name) was given twice")) }
}
