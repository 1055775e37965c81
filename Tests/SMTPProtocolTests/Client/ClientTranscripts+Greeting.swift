import MailVocabulary

@testable import SMTPProtocol

extension ClientTranscript {
    private static let helo = ClientSettings(ourName: .name(DomainName(parsing: "us.example")!), useHELO: true)
    private static let lmtpSettings = ClientSettings(ourName: .name(DomainName(parsing: "us.example")!), dialect: .lmtp)

    static let greeting: [ClientTranscript] = [
        .init(
            "EHLO, then QUIT", ClientDialogue(quits: true),
            """
            S: 220-mx.example
            S: 220 welcome
            C: EHLO us.example
            S: 250 mx.example
            C: QUIT
            S: 221 bye
            => close
            """),
        .init(
            "a server that does not know EHLO gets HELO", ClientDialogue(quits: true),
            """
            S: 220
            C: EHLO us.example
            S: 502 5.5.1 what
            C: HELO us.example
            S: 250
            C: QUIT
            S: 221 bye
            => close
            """),
        .init(
            "useHELO says HELO at once, and no extension is used",
            ClientDialogue(settings: helo, messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: HELO us.example
            S: 250-mx
            S: 250 SIZE 1
            C: MAIL FROM:<from@us.example>
            """),
        .init(
            "an address literal as our name", ClientDialogue(settings: ClientSettings(ourName: .literal(IPAddress(parsing: "::1")!))),
            """
            S: 220 mx
            C: EHLO [IPv6:::1]
            """),
        .init(
            "LMTP says LHLO, and has nothing to fall back to", ClientDialogue(settings: lmtpSettings),
            """
            S: 220 store LMTP
            C: LHLO us.example
            S: 500 5.5.1 this is SMTP
            C: QUIT
            => failed at the reply to EHLO: 500 5.5.1 this is SMTP
            => close
            """),
        .init(
            "a banner that refuses for good", ClientDialogue(),
            """
            S: 554 5.7.1 no mail here
            C: QUIT
            => failed at the banner: 554 5.7.1 no mail here
            => close
            """),
        .init(
            "a banner that refuses for now", ClientDialogue(),
            """
            S: 421 4.3.2 busy
            C: QUIT
            => failed at the banner: 421 4.3.2 busy
            => close
            """),
        .init(
            "EHLO refused for now is no reason for HELO", ClientDialogue(),
            """
            S: 220 mx
            C: EHLO us.example
            S: 450 4.7.1 later
            C: QUIT
            => failed at the reply to EHLO: 450 4.7.1 later
            => close
            """),
        .init(
            "421 to EHLO", ClientDialogue(),
            """
            S: 220 mx
            C: EHLO us.example
            S: 421 4.3.2 going down
            => failed at the reply to EHLO: 421 4.3.2 going down
            => close
            """),
        .init(
            "EHLO and HELO both refused", ClientDialogue(),
            """
            S: 220 mx
            C: EHLO us.example
            S: 550 no
            C: HELO us.example
            S: 550 5.7.1 no
            C: QUIT
            => failed at the reply to EHLO: 550 5.7.1 no
            => close
            """),
        .init(
            "something that is not SMTP", ClientDialogue(),
            """
            S: SSH-2.0-OpenSSH_9.2
            => failed at the banner: 451 4.5.0 invalid answer while waiting for the banner: "SSH-2.0-OpenSSH_9.2"
            => close
            """),
        .init(
            "closed before the banner", ClientDialogue(),
            """
            S: [closes]
            => failed at the banner: 451 4.4.2 connection lost while waiting for the banner
            => close
            """),
        .init(
            "no answer to EHLO", ClientDialogue(),
            """
            S: 220 mx
            C: EHLO us.example
            S: [time]
            => failed at the reply to EHLO: 451 4.4.2 timed out while waiting for the reply to EHLO
            => close
            """),
        .init(
            "idle for too long: QUIT", ClientDialogue(),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            S: [time]
            C: QUIT
            S: [time]
            => close
            """),
        .init(
            "two banners: the second is no answer to EHLO", ClientDialogue(),
            """
            S: 220 mx
            S: 220 mx
            C: EHLO us.example
            => failed at the reply to EHLO: 451 4.5.0 invalid answer while waiting for the reply to EHLO: "220 mx"
            => close
            """),
        .init(
            "what nobody asked for ends the connection", ClientDialogue(),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            S: 250 more
            => close
            """),
    ]
}
