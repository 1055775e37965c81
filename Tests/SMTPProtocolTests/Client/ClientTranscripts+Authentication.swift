import MailVocabulary

@testable import SMTPProtocol

extension ClientTranscript {
    private static let clear = ClientSettings(
        ourName: .name(DomainName(parsing: "us.example")!), authentication: .required(allowedInClear: true))
    private static let secret = ClientSettings(
        ourName: .name(DomainName(parsing: "us.example")!), transportSecurity: .opportunistic,
        authentication: .required(allowedInClear: false))

    static let authentication: [ClientTranscript] = [
        .init(
            "a login with an initial response, and then a message",
            ClientDialogue(
                settings: clear, login: [.authenticationStart(mechanism: "PLAIN", initialResponse: Array("\0me\0secret".utf8))],
                messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH PLAIN AG1lAHNlY3JldA==
            S: 235 2.7.0 welcome
            => logged in
            C: MAIL FROM:<from@us.example>
            """),
        .init(
            "a login over TLS, with what is offered there",
            ClientDialogue(settings: secret, login: [.authenticationStart(mechanism: "PLAIN", initialResponse: [1, 2, 3])], quits: true),
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
            S: 250 AUTH PLAIN
            => log in with PLAIN
            C: AUTH PLAIN AQID
            S: 235 ok
            => logged in
            C: QUIT
            """),
        .init(
            "a login in steps, with the server's last word",
            ClientDialogue(
                settings: clear,
                login: [
                    .authenticationStart(mechanism: "SCRAM-SHA-256", initialResponse: nil), .authenticationResponse(Array("one".utf8)),
                    .authenticationResponse(Array("two".utf8)), .authenticationResponse([]),
                ], quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH SCRAM-SHA-256
            S: 334 
            => challenge 
            C: b25l
            S: 334 c2FsdA==
            => challenge salt
            C: dHdv
            S: 334 cHJvb2Y=
            => challenge proof
            C: 
            S: 235 2.7.0 ok
            => logged in
            C: QUIT
            """),
        .init(
            "an initial response that is empty",
            ClientDialogue(settings: clear, login: [.authenticationStart(mechanism: "SCRAM-SHA-256", initialResponse: [])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH SCRAM-SHA-256 =
            """),
        .init(
            "an initial response that makes the line too long goes by itself",
            ClientDialogue(
                settings: clear,
                login: [.authenticationStart(mechanism: "PLAIN", initialResponse: Array(String(repeating: "X", count: 400).utf8))]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH PLAIN
            S: 334 
            C: WFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWA==
            S: 235 ok
            => logged in
            """),
        .init(
            "a password that is refused is our trouble, and not the message's",
            ClientDialogue(settings: clear, login: [.authenticationStart(mechanism: "PLAIN", initialResponse: [1])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH PLAIN AQ==
            S: 535 5.7.8 no
            C: QUIT
            => failed at the reply to AUTH: 454 4.7.8 the remote host refused the login: 535 5.7.8 no
            => close
            """),
        .init(
            "421 to AUTH", ClientDialogue(settings: clear, login: [.authenticationStart(mechanism: "PLAIN", initialResponse: [1])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH PLAIN AQ==
            S: 421 4.7.0 enough
            => failed at the reply to AUTH: 454 4.7.8 the remote host refused the login: 421 4.7.0 enough
            => close
            """),
        .init(
            "no mechanism in common", ClientDialogue(settings: clear, login: [.authenticationAbandoned("no mechanism in common")]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: QUIT
            => failed at the reply to AUTH: 454 4.7.8 the login to the remote host was given up: no mechanism in common
            => close
            """),
        .init(
            "a server that proves nothing is cancelled",
            ClientDialogue(
                settings: clear,
                login: [
                    .authenticationStart(mechanism: "SCRAM-SHA-256", initialResponse: [1]),
                    .authenticationAbandoned("the server is not who it should be"),
                ]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH SCRAM-SHA-256 AQ==
            S: 334 bGll
            => challenge lie
            C: *
            S: 501 5.7.0 cancelled
            C: QUIT
            => failed at the reply to AUTH: 454 4.7.8 the login to the remote host was given up: the server is not who it should be
            => close
            """),
        .init(
            "a challenge that is no base64 is cancelled, whatever the server makes of it",
            ClientDialogue(settings: clear, login: [.authenticationStart(mechanism: "SCRAM-SHA-256", initialResponse: [1])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH SCRAM-SHA-256 AQ==
            S: 334 what?
            C: *
            S: 235 fine
            C: QUIT
            => failed at the reply to AUTH: 454 4.7.8 the login to the remote host was given up: the remote host's challenge is no base64
            => close
            """),
        .init(
            "an answer to AUTH that is none",
            ClientDialogue(settings: clear, login: [.authenticationStart(mechanism: "PLAIN", initialResponse: [1])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH PLAIN AQ==
            S: 354 go
            => failed at the reply to AUTH: 451 4.5.0 invalid answer while waiting for the reply to AUTH: "354 go"
            => close
            """),
        .init(
            "a reply while nothing was asked", ClientDialogue(settings: clear, login: []),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            S: 235 in already
            => log in with PLAIN SCRAM-SHA-256
            => failed at the reply to AUTH: 451 4.5.0 invalid answer while waiting for the reply to AUTH: "235 in already"
            => close
            """),
        .init(
            "AUTH not offered", ClientDialogue(settings: clear, login: []),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: QUIT
            => failed at the reply to AUTH: 454 4.7.4 a login is required, and the remote host does not offer AUTH
            => close
            """),
        .init(
            "a login does not go in clear unless it may", ClientDialogue(settings: secret, login: []),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN
            C: QUIT
            => failed at the reply to AUTH: 454 4.7.4 the login to the remote host must not go in clear, and the connection has no TLS
            => close
            """),
        .init(
            "lost in the exchange",
            ClientDialogue(settings: clear, login: [.authenticationStart(mechanism: "PLAIN", initialResponse: [1])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH PLAIN AQ==
            S: [closes]
            => failed at the reply to AUTH: 451 4.4.2 connection lost while waiting for the reply to AUTH
            => close
            """),
        .init(
            "no answer to AUTH", ClientDialogue(settings: clear, login: [.authenticationStart(mechanism: "PLAIN", initialResponse: [1])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH PLAIN SCRAM-SHA-256
            => log in with PLAIN SCRAM-SHA-256
            C: AUTH PLAIN AQ==
            S: [time]
            => failed at the reply to AUTH: 451 4.4.2 timed out while waiting for the reply to AUTH
            => close
            """),
        .init(
            "names that are none of a mechanism are not offered to the host", ClientDialogue(settings: clear, login: []),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 AUTH plain B@D X-TOO-LONG-TO-BE-A-MECHANISM
            => log in with PLAIN
            """),
    ]
}
