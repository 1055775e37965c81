import DialogueModel
import MailVocabulary
import SMTPProtocol

extension ServerTranscript {
    private static let secured = ServerRun.submissionSettings
    private static let open = ServerRun.lenientSettings

    static let authentication: [ServerTranscript] = [
        .init(
            "PLAIN with its initial response, and then a message", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 235 2.7.0 Authentication succeeded
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test> as alice
            C: RSET
            S: 250 2.0.0 Reset
            => aborted
            C: EHLO c.test
            S: 250 []
            C: AUTH PLAIN
            S: 503 5.5.1 You are logged in already
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test> as alice
            """),
        .init(
            "PLAIN without an initial response", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH plain
            S: 334 
            C: AGFsaWNlAHJpZ2h0
            S: 235 2.7.0 Authentication succeeded
            """),
        .init(
            "LOGIN", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH LOGIN
            S: 334 VXNlcm5hbWU6
            C: YWxpY2U=
            S: 334 UGFzc3dvcmQ6
            C: cmlnaHQ=
            S: 235 2.7.0 Authentication succeeded
            """),
        .init(
            "responses that come before their challenges are taken in their turn", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH LOGIN
            C: YWxpY2U=
            C: cmlnaHQ=
            C: MAIL FROM:<a@x.test>
            S: 334 VXNlcm5hbWU6
            S: 334 UGFzc3dvcmQ6
            S: 235 2.7.0 Authentication succeeded
            S: 250 2.1.0 Sender OK
            => began <a@x.test> as alice
            """),
        .init(
            "a mechanism's last word is a challenge, which an empty line confirms", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH SCRAM-SHA-256 YWxpY2U=
            S: 334 c2FsdA==
            C: cmlnaHQ=
            S: 334 cHJvb2Y=
            C: 
            S: 235 2.7.0 Authentication succeeded
            """),
        .init(
            "a server whose last word does not convince the client is not logged in to", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH SCRAM-SHA-256 YWxpY2U=
            S: 334 c2FsdA==
            C: cmlnaHQ=
            S: 334 cHJvb2Y=
            C: *
            S: 501 5.7.0 Authentication cancelled
            => login cancelled
            C: MAIL FROM:<a@x.test>
            S: 530 5.7.0 Authentication required
            """),
        .init(
            "the last word is confirmed with nothing but an empty line", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH SCRAM-SHA-256 YWxpY2U=
            S: 334 c2FsdA==
            C: cmlnaHQ=
            S: 334 cHJvb2Y=
            C: bW9yZQ==
            S: 501 5.5.2 The last line of this exchange is empty, or a single asterisk
            => login cancelled
            """),
        .init(
            "= is an initial response that is empty", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH SCRAM-SHA-256 =
            S: 334 c2FsdA==
            """),
        .init(
            "* cancels, and another try may follow", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH PLAIN
            S: 334 
            C: *
            S: 501 5.7.0 Authentication cancelled
            => login cancelled
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 235 2.7.0 Authentication succeeded
            """),
        .init(
            "what is no base64 is said to be none", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH PLAIN AGFsaWNlAHJpZ2h
            S: 501 5.5.2 This is no base64
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0=
            S: 501 5.5.2 This is no base64
            C: AUTH PLAIN *
            S: 501 5.5.2 This is no base64
            C: AUTH PLAIN
            S: 334 
            C: =
            S: 501 5.5.2 This is no base64
            => login cancelled
            C: AUTH PLAIN
            S: 334 
            C: AGFsaWNlAHJpZ2h0 
            S: 501 5.5.2 This is no base64
            => login cancelled
            """),
        .init(
            "a wrong password, and that it cannot be looked up", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH PLAIN AGFsaWNlAHdyb25n
            S: 535 5.7.8 Wrong user name or password
            C: AUTH PLAIN AGFsaWNlAGJ1c3k=
            S: 454 4.7.0 Try again later
            C: MAIL FROM:<a@x.test>
            S: 530 5.7.0 Authentication required
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 235 2.7.0 Authentication succeeded
            """),
        .init(
            "three wrong passwords are answered, the fourth closes", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH PLAIN AGFsaWNlAHdyb25n
            S: 535 5.7.8 Wrong user name or password
            C: AUTH PLAIN AGFsaWNlAHdyb25n
            S: 535 5.7.8 Wrong user name or password
            C: AUTH PLAIN AGFsaWNlAHdyb25n
            S: 535 5.7.8 Wrong user name or password
            C: AUTH PLAIN AGFsaWNlAHdyb25n
            S: 421 4.7.0 Too many failed logins
            => closed
            """),
        .init(
            "a login in clear is forgotten when TLS begins", open,
            """
            S: 220 mx.test ESMTP Postern
            C: EHLO c.test
            S: 250 [STARTTLS, AUTH SCRAM-SHA-256]
            C: AUTH SCRAM-SHA-256 YWxpY2U=
            S: 334 c2FsdA==
            C: cmlnaHQ=
            S: 334 cHJvb2Y=
            C: 
            S: 235 2.7.0 Authentication succeeded
            C: EHLO c.test
            S: 250 [STARTTLS]
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: MAIL FROM:<a@x.test>
            S: 250 2.1.0 Sender OK
            => began <a@x.test>
            C: RSET
            S: 250 2.0.0 Reset
            => aborted
            C: AUTH PLAIN AGFsaWNlAHJpZ2h0
            S: 235 2.7.0 Authentication succeeded
            """),
        .init(
            "a server that stops does not wait for the next response", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH PLAIN
            S: 334 
            C: [stop]
            S: 421 4.3.2 The server is shutting down, try again later
            => login cancelled
            => closed
            """),
        .init(
            "silence in the exchange", secured,
            """
            S: 220 mx.test ESMTP Postern
            C: STARTTLS
            S: 220 2.0.0 Ready to start TLS
            => TLS, ungreeted
            C: [TLS]
            C: EHLO c.test
            S: 250 [AUTH PLAIN LOGIN SCRAM-SHA-256]
            C: AUTH PLAIN
            S: 334 
            C: [silence]
            S: 421 4.4.2 Timeout: nothing came for too long
            => login cancelled
            => closed
            """),
    ]
}
