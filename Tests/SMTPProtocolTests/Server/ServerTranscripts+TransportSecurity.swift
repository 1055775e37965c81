import MailVocabulary
import SMTPProtocol

extension ServerTranscript {
    private static let none = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: nil, sessionSizeLimit: nil,
        transportSecurity: ServerTransportSecurity(), authentication: nil)
    private static let offered = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: nil, sessionSizeLimit: nil,
        transportSecurity: ServerTransportSecurity(mode: .offered), authentication: nil)
    private static let required = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: nil, sessionSizeLimit: nil,
        transportSecurity: ServerTransportSecurity(mode: .required, minimumVersion: "TLS 1.3"), authentication: nil)
    private static let strong = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: nil, sessionSizeLimit: nil,
        transportSecurity: ServerTransportSecurity(mode: .offered, minimumBits: 256),
        authentication: ServerAuthentication(mechanismsInClear: [], mechanismsOverTLS: [.plain], isRequired: false))
    private static let implicit = SMTPServerSettings(
        hostname: DomainName(parsing: "mx.test")!, messageSizeLimit: nil, sessionSizeLimit: nil,
        transportSecurity: ServerTransportSecurity(mode: .implicit),
        authentication: ServerAuthentication(mechanismsInClear: [], mechanismsOverTLS: [.plain], isRequired: false))

    static let transportSecurity: [ServerTranscript] = [
        .init(
            "STARTTLS, and all begins anew", offered,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [STARTTLS]
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => aborted
            => TLS
            C: [TLS]
            C: MAIL FROM:<a@x.test>
            S: 503 5.5.1 Say EHLO or HELO first
            C: EHLO c.test
            S: 250 []
            C: STARTTLS
            S: 503 5.5.1 TLS is in use already
            C: QUIT
            S: 221 2.0.0 Bye
            => closed
            """),
        .init(
            "STARTTLS needs no greeting", offered,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: NOOP
            S: 250 2.0.0 OK
            """),
        .init(
            "STARTTLS takes no argument", offered,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS now
            S: 501 5.5.4 This command takes no argument
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            """),
        .init(
            "a handshake that fails ends the session without a word", offered,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [no TLS]
            => closed
            """),
        .init(
            "a client that falls silent in the handshake hears nothing", offered,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [silence]
            => closed
            """),
        .init(
            "a server that stops in the middle of a handshake says so after it", offered,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [stop]
            C: [TLS]
            S: 421 4.3.2 The server is shutting down, try again later
            => closed
            """),
        .init(
            "STARTTLS between chunks gives the message up", offered,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [STARTTLS]
            C: MAIL FROM:<a@x.test>
            C: RCPT TO:<b@y.test>
            C: BDAT 4
            C: hi
            S: 250 2.1.0 Sender OK
            S: 250 2.1.5 OK
            S: 250 2.0.0 4 octets so far
            => began <a@x.test>
            => asked b@y.test
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => aborted
            => TLS
            C: [TLS]
            C: BDAT 0 LAST
            S: 503 5.5.1 Say EHLO or HELO first
            """),
        .init(
            "without TLS, STARTTLS is no command", none,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 []
            C: STARTTLS
            S: 502 5.5.1 Command not offered here
            C: HELP
            S: 214-2.0.0 Commands: HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT
            S: 214 2.0.0 RFC 5321 describes them
            """),
        .init(
            "where a secure channel is required, nothing but EHLO, STARTTLS, NOOP and QUIT comes before it (S13)", required,
            """
            S: 220 mx.test ESMTP Postern
            C: HELO c.test
            C: MAIL FROM:<a@x.test>
            C: RCPT TO:<b@y.test>
            C: RSET
            C: VRFY someone
            C: EXPN list
            C: HELP
            C: ETRN x
            C: NOOP
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 250 2.0.0 OK
            C: EHLO c.test
            S: 250 [STARTTLS]
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS
            C: [TLS]
            C: EHLO c.test
            S: 250 []
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            """),
        .init(
            "a chunk before TLS is refused and its octets are no commands", required,
            """
            S: 220 mx.test ESMTP Postern
            C: BDAT 6
            C: NOOP
            C: NOOP
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 250 2.0.0 OK
            """),
        .init(
            "DATA before TLS is refused, and its content is not taken for commands", required,
            """
            S: 220 mx.test ESMTP Postern
            C: DATA
            C: Subject: x
            S: 530 5.7.0 Must issue a STARTTLS command first, with TLS 1.3 or later
            S: 554 5.5.0 Synchronisation error: DATA was refused, and no command followed
            => closed
            """),
        .init(
            "a weak cipher is told what would do, when it is used for anything (S14)", strong,
            channel: SecureChannel(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", bits: 128),
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 []
            C: NOOP
            S: 250 2.0.0 OK
            C: MAIL FROM:<a@x.test>
            S: 530 5.7.0 This server needs an encryption of at least 256 bits; this connection has 128 (TLS_AES_128_GCM_SHA256)
            => closed
            """),
        .init(
            "a cipher of just enough bits will do (S14)", strong,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN]
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            """),
        .init(
            "where the connection begins with TLS, STARTTLS comes too late", implicit,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [AUTH PLAIN]
            C: STARTTLS
            S: 503 5.5.1 TLS is in use already
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            """),
    ]
}
