import MailVocabulary

/// The session's own replies. Texts are for a person; the codes are what programs read.
enum ServerReplies {
    static let senderOK = Reply(250, "2.1.0", "Sender OK")
    static let resetOK = Reply(250, "2.0.0", "Reset")
    static let noopOK = Reply(250, "2.0.0", "OK")
    static func help(_ extensions: [String]) -> Reply {
        let commands = ["HELO", "EHLO"] + extensions + ["MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "VRFY", "HELP", "QUIT"]
        return Reply(
            214, EnhancedStatusCode(2, 0, 0), lines: ["Commands: \(commands.joined(separator: " "))", "RFC 5321 describes them"])
    }
    /// RFC 5321 §3.5.3: 252 neither confirms nor denies that an address exists.
    static let verify = Reply(252, "2.5.0", "Send some mail, I'll try my best")
    static let goOn = Reply(354, nil, "End data with <CRLF>.<CRLF>")
    static let bye = Reply(221, "2.0.0", "Bye")

    static let notOffered = Reply(502, "5.5.1", "Command not offered here")
    static let greetFirst = Reply(503, "5.5.1", "Say EHLO or HELO first")
    static let nestedMail = Reply(503, "5.5.1", "A transaction is already under way: finish it, or RSET")
    static let mailFirst = Reply(503, "5.5.1", "Need MAIL first")
    static let recipientFirst = Reply(503, "5.5.1", "Need RCPT first")
    static let noValidRecipients = Reply(554, "5.5.1", "No valid recipients")
    /// 554 would have the client give up those that it should try again.
    static let deferredRecipients = Reply(451, "4.5.1", "No recipient can be taken now: try again later, as each was told")
    static let chunkingBegan = Reply(503, "5.5.1", "The message is being sent with BDAT: go on with it, or RSET")
    static let tooManyRecipients = Reply(452, "4.5.3", "Too many recipients in this message: send it to the rest in another one")

    static let readyForTLS = Reply(220, "2.0.0", "Ready to start TLS")
    static let alreadySecured = Reply(503, "5.5.1", "TLS is in use already")

    static let authenticated = Reply(235, "2.7.0", "Authentication succeeded")
    static let authenticationRequired = Reply(530, "5.7.0", "Authentication required")
    static let alreadyAuthenticated = Reply(503, "5.5.1", "You are logged in already")
    static let extendedGreetingFirst = Reply(503, "5.5.1", "Say EHLO first")
    static let authenticationWithinMail = Reply(503, "5.5.1", "No AUTH while a transaction is under way: finish it, or RSET")
    static let unknownMechanism = Reply(504, "5.5.4", "This mechanism is not offered; the reply to EHLO lists those that are")
    static let mechanismNeedsTLS = Reply(538, "5.7.11", "This mechanism needs encryption: STARTTLS first")
    static let badBase64 = Reply(501, "5.5.2", "This is no base64")
    static let responseNotEmpty = Reply(501, "5.5.2", "The last line of this exchange is empty, or a single asterisk")
    static let authenticationLineTooLong = Reply(500, "5.5.6", "A line of an authentication exchange is too long")
    static let authenticationCancelled = Reply(501, "5.7.0", "Authentication cancelled")
    static let authenticationUnavailable = Reply(454, "4.7.0", "Authentication is not possible at the moment, try again later")
    static let tooManyFailedLogins = Reply(421, "4.7.0", "Too many failed logins")

    static let badLineEnd = Reply(500, "5.5.2", "A command line ends with CRLF, and has no other CR or LF and no NUL")
    static let lineTooLong = Reply(500, "5.5.2", "Command line too long")

    static let bareLineEnd = Reply(550, "5.6.11", "The message has a CR or LF on its own, or a NUL: lines end with CRLF")
    static func textLineTooLong(limit: Int?) -> Reply {
        Reply(554, "5.6.0", "The message has a line longer than the limit of \(limit ?? 0) octets")
    }
    /// - Parameter size: what it has, or what has come of it so far.
    static func messageTooLarge(size: Int, limit: ByteCount) -> Reply {
        let rounded = (size: ByteCount(size).approximately, limit: limit.approximately)
        let (size, limit) = rounded.size == rounded.limit ? ("\(size) octets", "\(limit.bytes)") : (rounded.size, rounded.limit)
        return Reply(552, "5.3.4", "Message of \(size); the limit is \(limit) (attachments grow by a third)")
    }
    static let discardedTooMuch = Reply(552, "5.3.4", "More content than this server is willing to skip")
    static let chunkTooLarge = Reply(552, "5.3.4", "Chunk too large")
    static let holderFailed = Reply(451, "4.3.0", "The message could not be taken, try again later")

    static func tooManyMessages(limit: Int) -> Reply {
        Reply(421, "4.7.0", "\(limit) \(limit == 1 ? "message" : "messages") taken here; reconnect for more")
    }
    static func sessionFull(limit: ByteCount) -> Reply {
        Reply(421, "4.7.0", "One connection may bring \(limit.approximately); reconnect for more")
    }
    static let tooManyErrors = Reply(421, "4.7.0", "Too many errors")
    static let tooManyUnknownCommands = Reply(421, "4.7.0", "Too many unknown commands")
    static let tooManyRefusedRecipients = Reply(421, "4.7.0", "Too many refused recipients")
    static let tooManyPostponedRecipients = Reply(
        421, "4.7.0", "Too many recipients that cannot be taken now: send to fewer at a time, later")
    static let endlessLine = Reply(421, "4.7.0", "Command line without end")
    static let timedOut = Reply(421, "4.4.2", "Timeout: nothing came for too long")
    static let tooSlow = Reply(421, "4.4.2", "The message comes too slowly: it must bring 512 octets a second after the first hour")
    static let shuttingDown = Reply(421, "4.3.2", "The server is shutting down, try again later")
    static let earlyTalker = Reply(554, "5.5.0", "You spoke before the greeting")
    static let synchronisationError = Reply(554, "5.5.0", "Synchronisation error: DATA was refused, and no command followed")
    static let notSMTP = CommandError.foreignProtocol.reply
}
