import MailVocabulary

@testable import SMTPProtocol

extension ClientTranscript {
    private static let settings = ClientSettings(ourName: .name(DomainName(parsing: "us.example")!), dialect: .lmtp)
    private static let three = ["a@x.example", "b@x.example", "c@x.example"]

    static let lmtp: [ClientTranscript] = [
        .init(
            "one reply for each accepted recipient",
            ClientDialogue(settings: settings, messages: [ClientDialogue.message(to: three), ClientDialogue.message()]),
            """
            S: 220 store
            C: LHLO us.example
            S: 250-store
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: RCPT TO:<b@x.example>
            C: RCPT TO:<c@x.example>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 550 5.1.1 who
            S: 250 ok
            S: 354 go on
            C: hi
            C: .
            S: 250 2.0.0 saved a
            S: 452 4.2.2 c is full
            => a delivered: 250 2.0.0 saved a
            => b failed: 550 5.1.1 who
            => c deferred: 452 4.2.2 c is full
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            """),
        .init(
            "one reply for each after BDAT, too",
            ClientDialogue(settings: settings, messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example"])]),
            """
            S: 220 store
            C: LHLO us.example
            S: 250-store
            S: 250-PIPELINING
            S: 250 CHUNKING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: RCPT TO:<b@x.example>
            S: 250 ok
            S: 250 ok
            S: 250 ok
            C: BDAT 4 LAST
            C: hi
            S: 250 saved a
            S: 250 saved b
            => a delivered: 250 saved a
            => b delivered: 250 saved b
            """),
        .init(
            "nobody accepted: DATA must fail",
            ClientDialogue(settings: settings, messages: [ClientDialogue.message(), ClientDialogue.message()]),
            """
            S: 220 store
            C: LHLO us.example
            S: 250-store
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            S: 250 ok
            S: 550 5.1.1 who
            S: 503 5.5.1 nobody
            => a failed: 550 5.1.1 who
            C: RSET
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            """),
        .init(
            "a store that takes DATA for nobody is left",
            ClientDialogue(settings: settings, messages: [ClientDialogue.message()]),
            """
            S: 220 store
            C: LHLO us.example
            S: 250-store
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            S: 250 ok
            S: 550 5.1.1 who
            S: 354 go on
            => a failed: 550 5.1.1 who
            => lost: envelope
            => close
            """),
        .init(
            "lost between the replies: only the rest is undetermined",
            ClientDialogue(settings: settings, messages: [ClientDialogue.message(to: three)]),
            """
            S: 220 store
            C: LHLO us.example
            S: 250-store
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: RCPT TO:<b@x.example>
            C: RCPT TO:<c@x.example>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go on
            C: hi
            C: .
            S: 250 saved a
            S: 421 4.3.2 going down
            => a delivered: 250 saved a
            => b deferred: 421 4.3.2 going down
            => c undetermined: 421 4.3.2 going down
            => lost: contentSent
            => close
            """),
    ]
}
