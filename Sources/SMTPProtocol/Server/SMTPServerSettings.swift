import MailVocabulary
import NIOCore

/// What one virtual server says and allows in its sessions. Made once, shared by all of them.
public struct SMTPServerSettings: Sendable {
    /// In the banner and the reply to a greeting (E12).
    public let hostname: DomainName
    /// The largest message, advertised as SIZE (E01); nil: no limit.
    public let messageSizeLimit: ByteCount?
    /// The sum of all messages of one connection (E02): once it is reached, the next `MAIL` gets `421 4.7.0`; nil: no limit.
    public let sessionSizeLimit: ByteCount?
    /// Accepted recipients of one message; the rest get `452 4.5.3` (E03); nil: no limit.
    public let recipientsLimit: Int?
    /// Messages in one connection; a further `MAIL` gets `421 4.7.0` (S07); nil: no limit.
    public let messagesPerConnection: Int?
    /// Octets of a line of content without its CRLF; nil: no limit but that of the message (RFC 5322 §2.1.1).
    public let lineLengthLimit: Int?
    /// What `<Postmaster>` without a domain means (RFC 5321 §4.5.1).
    public let postmasterDomain: DomainName
    /// Octets of a command line with its CRLF (RFC 5321 §4.5.3.1.4), to which extensions add theirs.
    public let commandLineLimit: Int
    /// Unknown commands that are answered; the next one closes the session.
    public let unknownCommandLimit: Int
    /// Errors that are answered (unknown commands among them) without a message accepted in between; the next one closes the session.
    public let errorLimit: Int
    /// Refused recipients that are told so without a message accepted in between; the next one closes the session: no directory harvest.
    public let refusedRecipientLimit: Int
    /// Recipients that are told to come later, or in another message, without a message accepted in between; the next one closes the
    /// session. RFC 5321 §4.5.3.1.10 has clients send more recipients than a server takes.
    public let postponedRecipientLimit: Int
    /// Commands that move nothing (NOOP, RSET, VRFY, HELP, another greeting, an empty BDAT) without a message accepted in between; further ones count
    /// as errors.
    public let idleCommandLimit: Int
    /// The largest chunk that `BDAT` may announce, and how much of one refused message is swallowed, in octets; beyond, the session
    /// closes.
    public let discardLimit: ByteCount
    /// Further lines of the EHLO reply, after the session's own keywords.
    public let extraKeywords: [String]

    /// Whether TLS is there, and what it must be like.
    public let transportSecurity: ServerTransportSecurity
    /// How clients log in; nil: AUTH is not known, and everybody is anonymous.
    public let authentication: ServerAuthentication?

    /// What marks the replies of a rule: `R-7f3k2-ab`. Those that are not here have no code.
    public let refusalCodes: [SessionRule: String]

    /// Encoded once for all sessions.
    let banner: ByteBuffer
    let greetings: GreetingReplies
    let help: Reply

    public init(
        hostname: DomainName,
        messageSizeLimit: ByteCount? = .mebibytes(10),
        sessionSizeLimit: ByteCount? = .mebibytes(100),
        recipientsLimit: Int? = 64000,
        messagesPerConnection: Int? = nil,
        lineLengthLimit: Int? = nil,
        postmasterDomain: DomainName? = nil,
        commandLineLimit: Int = 512,
        unknownCommandLimit: Int = 10,
        errorLimit: Int = 20,
        refusedRecipientLimit: Int = 100,
        postponedRecipientLimit: Int = 1000,
        idleCommandLimit: Int = 100,
        discardLimit: ByteCount = .mebibytes(1024),
        extraKeywords: [String] = [],
        transportSecurity: ServerTransportSecurity = ServerTransportSecurity(),
        authentication: ServerAuthentication? = nil,
        refusalCodes: [SessionRule: String] = [:]
    ) {
        self.hostname = hostname
        (self.messageSizeLimit, self.sessionSizeLimit) = (messageSizeLimit, sessionSizeLimit)
        (self.recipientsLimit, self.messagesPerConnection) = (recipientsLimit, messagesPerConnection)
        self.lineLengthLimit = lineLengthLimit
        self.postmasterDomain = postmasterDomain ?? hostname
        (self.commandLineLimit, self.unknownCommandLimit, self.errorLimit) = (commandLineLimit, unknownCommandLimit, errorLimit)
        (self.refusedRecipientLimit, self.idleCommandLimit) = (refusedRecipientLimit, idleCommandLimit)
        self.postponedRecipientLimit = postponedRecipientLimit
        (self.discardLimit, self.extraKeywords) = (discardLimit, extraKeywords)
        (self.transportSecurity, self.authentication, self.refusalCodes) = (transportSecurity, authentication, refusalCodes)

        // RFC 1870 §3: "SIZE" alone says that there is no fixed limit.
        let size = messageSizeLimit.map { "SIZE \($0.bytes)" } ?? "SIZE"
        banner = ReplyEncoder.encoded(Reply(220, nil, "\(hostname) ESMTP Postern"))
        greetings = GreetingReplies(
            hostname: hostname, keywords: ["PIPELINING", size, "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"],
            extraKeywords: extraKeywords, transportSecurity: transportSecurity, authentication: authentication)
        help = ServerReplies.help(
            (transportSecurity.offersStartTLS ? ["STARTTLS"] : []) + (authentication == nil ? [] : ["AUTH"]))
    }
}
