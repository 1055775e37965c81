import DialogueModel
import MailVocabulary
import SMTPProtocol

extension ServerTranscript {
    private static let secured = ServerRun.submissionSettings
    private static let open = ServerRun.lenientSettings
    private static let anonymous = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: nil, sessionSizeLimit: nil,
        transportSecurity: ServerTransportSecurity(), authentication: nil)
    private static let mustLogIn = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: nil, sessionSizeLimit: nil,
        transportSecurity: ServerTransportSecurity(),
        authentication: ServerAuthentication(
            mechanismsInClear: [.scramSHA256], mechanismsOverTLS: [.plain, .scramSHA256], isRequired: true))

    /// When AUTH may come, with what, and what needs it.
    static let permission: [ServerTranscript] = [
        .init(
            "AUTH with a mechanism that is none, or not offered, or with too much", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH
            S: 501 5.5.4 Syntax: AUTH mechanism [initial-response]
            C: AUTH PLAIN a b
            S: 501 5.5.4 Syntax: AUTH mechanism [initial-response]
            C: AUTH FROBNICATE
            S: 504 5.5.4 This mechanism is not offered; the reply to EHLO lists those that are
            C: AUTH NTLM
            S: 504 5.5.4 This mechanism is not offered; the reply to EHLO lists those that are
            """),
        .init(
            "AUTH needs EHLO", open,
            """
            S: 220 mx.test ESMTP Postern
            C: AUTH SCRAM-SHA-256
            S: 503 5.5.1 Say EHLO first
            C: HELO c.test
            S: 250 mx.test
            C: AUTH SCRAM-SHA-256
            S: 503 5.5.1 Say EHLO first
            """),
        .init(
            "no AUTH between MAIL and the end of its message", open,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [STARTTLS, AUTH SCRAM-SHA-256]
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            C: AUTH SCRAM-SHA-256
            S: 503 5.5.1 No AUTH while a transaction is under way: finish it, or RSET
            C: RSET
            S: 250 2.0.0 Reset
            => aborted
            C: AUTH SCRAM-SHA-256
            S: 334 
            C: *
            S: 501 5.7.0 Authentication cancelled
            => login cancelled
            """),
        .init(
            "before TLS, a mechanism that needs it is neither listed nor taken (S12)", open,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [STARTTLS, AUTH SCRAM-SHA-256]
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 538 5.7.11 This mechanism needs encryption: STARTTLS first
            C: AUTH LOGIN
            S: 538 5.7.11 This mechanism needs encryption: STARTTLS first
            C: AUTH CRAM-MD5
            S: 504 5.5.4 This mechanism is not offered; the reply to EHLO lists those that are
            """),
        .init(
            "where a secure channel is required, AUTH is refused like everything else (S13)", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [STARTTLS]
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 530 5.7.0 Must issue a STARTTLS command first
            C: MAIL FROM:<a@x.test>
            S: 530 5.7.0 Must issue a STARTTLS command first
            """),
        .init(
            "without AUTH in the settings, it is no command, and no parameter", anonymous,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 []
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 502 5.5.1 Command not offered here
            C: MAIL FROM:<a@x.test> AUTH=<>
            S: 555 5.5.4 Parameter not recognised or not offered
            """),
        .init(
            "who must log in may say anything but MAIL", mustLogIn,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [AUTH SCRAM-SHA-256]
            C: VRFY someone
            S: 252 2.5.0 Send some mail, I'll try my best
            C: HELP
            S: 214-2.0.0 Commands: HELO EHLO AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT
            S: 214 2.0.0 RFC 5321 describes them
            C: RCPT TO:<b@y.test>
            S: 503 5.5.1 Need MAIL first
            C: MAIL FROM:<a@x.test>
            S: 530 5.7.0 Authentication required
            """),
        .init(
            "where there is no STARTTLS, none is recommended", mustLogIn,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [AUTH SCRAM-SHA-256]
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 504 5.5.4 This mechanism is not offered; the reply to EHLO lists those that are
            """),
        .init(
            "AUTH on MAIL is read, and believed of nobody", open,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [STARTTLS, AUTH SCRAM-SHA-256]
            C: MAIL FROM:<a@x.test> AUTH=<>
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            C: RSET
            S: 250 2.0.0 Reset
            => aborted
            C: MAIL FROM:<a@x.test> AUTH=b+2Bc@x.test
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            C: RSET
            S: 250 2.0.0 Reset
            => aborted
            C: MAIL FROM:<a@x.test> AUTH=b+0Ac@x.test
            S: 501 5.5.4 Bad value of AUTH
            C: MAIL FROM:<a@x.test> AUTH=nobody
            S: 501 5.5.4 Bad value of AUTH
            C: MAIL FROM:<a@x.test> AUTH=<> AUTH=<>
            S: 501 5.5.4 AUTH was given twice
            """),
    ]
}
