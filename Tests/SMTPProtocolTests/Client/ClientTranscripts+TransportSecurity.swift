import MailVocabulary

@testable import SMTPProtocol

extension ClientTranscript {
    @Sendable private static func tls(_ mode: ClientSettings.TransportSecurity) -> ClientSettings {
        ClientSettings(ourName: .name(DomainName(parsing: "us.example")!), transportSecurity: mode)
    }

    static let transportSecurity: [ClientTranscript] = [
        .init(
            "STARTTLS where it is offered; what was announced in clear is forgotten",
            ClientDialogue(settings: tls(.opportunistic), messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-SIZE 10
            S: 250-PIPELINING
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [TLS]
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            """),
        .init(
            "TLS that stands and is refused then: the second EHLO gets 550, and so does HELO",
            ClientDialogue(settings: tls(.opportunistic), messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [TLS]
            C: EHLO us.example
            S: 550 5.7.1 no TLS from you
            C: HELO us.example
            S: 550 5.7.1 no TLS from you
            C: QUIT
            => failed at the reply to EHLO over TLS: 550 5.7.1 no TLS from you
            => close
            """),
        .init(
            "TLS that stands and is refused then: the server demands a certificate in place of its reply",
            ClientDialogue(settings: tls(.opportunistic), messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [TLS]
            C: EHLO us.example
            S: [no TLS]
            => failed at the TLS handshake: 454 4.7.5 the TLS handshake failed: the certificate has expired
            => close
            """),
        .init(
            "STARTTLS is said once, also where it is offered again over TLS", ClientDialogue(settings: tls(.required), quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [TLS]
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: QUIT
            S: 221 bye
            => close
            """),
        .init(
            "without the wish for TLS it is not begun", ClientDialogue(quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: QUIT
            """),
        .init(
            "opportunistic: not offered, so in clear", ClientDialogue(settings: tls(.opportunistic), quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: QUIT
            """),
        .init(
            "opportunistic: refused, so in clear", ClientDialogue(settings: tls(.opportunistic), quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 454 4.7.0 not now
            C: QUIT
            """),
        .init(
            "opportunistic: refused with the connection", ClientDialogue(settings: tls(.opportunistic)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 421 4.3.2 no
            => failed at the reply to STARTTLS: 454 4.7.4 no TLS, since the remote host refused STARTTLS: 421 4.3.2 no
            => close
            """),
        .init(
            "required: not offered", ClientDialogue(settings: tls(.required)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: QUIT
            => failed at the reply to STARTTLS: 454 4.7.4 TLS is required, and the remote host does not offer STARTTLS
            => close
            """),
        .init(
            "required: a server that knows no EHLO offers none", ClientDialogue(settings: tls(.required)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 502 what
            C: HELO us.example
            S: 250 mx
            C: QUIT
            => failed at the reply to STARTTLS: 454 4.7.4 TLS is required, and the remote host does not offer STARTTLS
            => close
            """),
        .init(
            "verified: refused", ClientDialogue(settings: tls(.verified)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 502 5.5.1 no
            C: QUIT
            => failed at the reply to STARTTLS: 454 4.7.4 no TLS, since the remote host refused STARTTLS: 502 5.5.1 no
            => close
            """),
        .init(
            "an answer to STARTTLS that is none", ClientDialogue(settings: tls(.required)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 250 ok
            => failed at the reply to STARTTLS: 451 4.5.0 invalid answer while waiting for the reply to STARTTLS: "250 ok"
            => close
            """),
        .init(
            "the handshake fails", ClientDialogue(settings: tls(.verified)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [no TLS]
            => failed at the TLS handshake: 454 4.7.5 the TLS handshake failed: the certificate has expired
            => close
            """),
        .init(
            "closed in the handshake", ClientDialogue(settings: tls(.opportunistic)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [closes]
            => failed at the TLS handshake: 451 4.4.2 connection lost while waiting for the TLS handshake
            => close
            """),
        .init(
            "a handshake that takes too long", ClientDialogue(settings: tls(.opportunistic)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [time]
            => failed at the TLS handshake: 451 4.4.2 timed out while waiting for the TLS handshake
            => close
            """),
        .init(
            "EHLO refused over TLS", ClientDialogue(settings: tls(.required)),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go
            => TLS
            S: [TLS]
            C: EHLO us.example
            S: 550 5.7.1 no
            C: HELO us.example
            S: 550 5.7.1 no
            C: QUIT
            => failed at the reply to EHLO over TLS: 550 5.7.1 no
            => close
            """),
        .init(
            "a connection that begins with TLS", ClientDialogue(settings: tls(.required), quits: true),
            """
            S: [TLS]
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: QUIT
            """),
    ]
}
