@testable import SMTPProtocol

extension ClientTranscript {
    private static let two = ["a@x.example", "b@x.example"]
    private static let start = """
        S: 220 mx
        C: EHLO us.example
        S: 250-mx
        S: 250 PIPELINING
        C: MAIL FROM:<from@us.example>
        C: RCPT TO:<a@x.example>
        C: RCPT TO:<b@x.example>
        C: DATA

        """

    static let lost: [ClientTranscript] = [
        .init(
            "421 to MAIL: everyone may try elsewhere", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: 421 4.7.0 too many messages
                => a again elsewhere: 421 4.7.0 too many messages
                => b again elsewhere: 421 4.7.0 too many messages
                => lost: envelope
                => close
                """),
        .init(
            "421 between the recipients: what was refused stays refused", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: 250 ok
                S: 550 5.1.1 who
                S: 421 4.3.2 going down
                => a failed: 550 5.1.1 who
                => b again elsewhere: 421 4.3.2 going down
                => lost: envelope
                => close
                """),
        .init(
            "closed after the recipients were accepted", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: 250 ok
                S: 250 ok
                S: 250 ok
                S: [closes]
                => a again elsewhere: 451 4.4.2 connection lost while waiting for the reply to DATA
                => b again elsewhere: 451 4.4.2 connection lost while waiting for the reply to DATA
                => lost: envelope
                => close
                """),
        .init(
            "421 to the end of the content is an answer", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: 250 ok
                S: 250 ok
                S: 250 ok
                S: 354 go on
                C: hi
                C: .
                S: 421 4.3.0 not today
                => a deferred: 421 4.3.0 not today
                => b deferred: 421 4.3.0 not today
                => lost: contentSent
                => close
                """),
        .init(
            "closed after all was sent: the duplicate window of SMTP", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: 250 ok
                S: 450 4.2.1 busy
                S: 250 ok
                S: 354 go on
                C: hi
                C: .
                S: [closes]
                => a deferred: 450 4.2.1 busy
                => b undetermined: 451 4.4.2 connection lost while waiting for the reply to the end of the content; \
                the remote host may have taken the message
                => lost: contentSent
                => close
                """),
        .init(
            "no reply in time after all was sent", ClientDialogue(messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 CHUNKING
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 250 ok
            C: BDAT 4 LAST
            C: hi
            S: [time]
            => a undetermined: 451 4.4.2 timed out while waiting for the reply to the end of the content; \
            the remote host may have taken the message
            => lost: contentSent
            => close
            """),
        .init(
            "no reply in time before that", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: 250 ok
                S: [time]
                => a again elsewhere: 451 4.4.2 timed out while waiting for the reply to RCPT
                => b again elsewhere: 451 4.4.2 timed out while waiting for the reply to RCPT
                => lost: envelope
                => close
                """),
        .init(
            "nonsense after all was sent proves nothing", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: 250 ok
                S: 250 ok
                S: 250 ok
                S: 354 go on
                C: hi
                C: .
                S: 250-ok
                S: 550 no
                => a undetermined: 451 4.5.0 invalid answer while waiting for the reply to the end of the content: \
                "(different codes in one reply) 550 no"; the remote host may have taken the message
                => b undetermined: 451 4.5.0 invalid answer while waiting for the reply to the end of the content: \
                "(different codes in one reply) 550 no"; the remote host may have taken the message
                => lost: contentSent
                => close
                """),
        .init(
            "nonsense before that is a plain deferral", ClientDialogue(messages: [ClientDialogue.message(to: two)]),
            start + """
                S: hello?
                => a deferred: 451 4.5.0 invalid answer while waiting for the reply to MAIL: "hello?"
                => b deferred: 451 4.5.0 invalid answer while waiting for the reply to MAIL: "hello?"
                => lost: envelope
                => close
                """),
        .init(
            "a connection that closed in between: nothing was sent",
            ClientDialogue(messages: [ClientDialogue.message(), ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 421 4.3.2 bye
            => a again elsewhere: 421 4.3.2 bye
            => lost: envelope
            => a again elsewhere: 451 4.4.2 the connection closed before the transaction
            => lost: envelope
            => close
            """),
    ]
}
