@testable import SMTPProtocol

extension ClientTranscript {
    static let lockStep: [ClientTranscript] = [
        .init(
            "one command at a time without PIPELINING, two messages on one connection",
            ClientDialogue(messages: [ClientDialogue.message(), ClientDialogue.message(from: nil, to: ["b@x.example"])], quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 250 ok
            C: DATA
            S: 354 go on
            C: hi
            C: .
            S: 250 2.0.0 queued
            => a delivered: 250 2.0.0 queued
            C: MAIL FROM:<>
            S: 250 ok
            C: RCPT TO:<b@x.example>
            S: 251 will forward
            C: DATA
            S: 354
            C: hi
            C: .
            S: 250 2.6.0 queued
            => b delivered: 250 2.6.0 queued
            C: QUIT
            S: 221 bye
            => close
            """),
        .init(
            "one recipient's refusal leaves the others alone; an envelope left standing is reset",
            ClientDialogue(messages: [
                ClientDialogue.message(to: ["a@x.example", "b@x.example", "c@x.example"]),
                ClientDialogue.message(to: ["d@x.example"]), ClientDialogue.message(to: ["e@x.example"]),
            ]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 550 5.1.1 no such user
            C: RCPT TO:<b@x.example>
            S: 250 ok
            C: RCPT TO:<c@x.example>
            S: 451-4.7.1 Greylisted,
            S: 451 4.7.1 come back
            C: DATA
            S: 354 go on
            C: hi
            C: .
            S: 250 ok
            => a failed: 550 5.1.1 no such user
            => b delivered: 250 ok
            => c deferred: 451 4.7.1 Greylisted, / come back
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<d@x.example>
            S: 550 5.1.1 no such user
            => d failed: 550 5.1.1 no such user
            C: RSET
            S: 250 ok
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<e@x.example>
            """),
        .init(
            "MAIL refused is every recipient's outcome",
            ClientDialogue(messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example"])], quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 550 5.7.1 not you
            => a failed: 550 5.7.1 not you
            => b failed: 550 5.7.1 not you
            C: QUIT
            """),
        .init(
            "a lone 452 to the first MAIL is a plain deferral, to a later one the connection is used up",
            ClientDialogue(messages: [ClientDialogue.message(), ClientDialogue.message(), ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 452 4.5.3 later
            => a deferred: 452 4.5.3 later
            C: MAIL FROM:<from@us.example>
            S: 452 4.3.1 disk full
            => a deferred: 452 4.3.1 disk full
            C: MAIL FROM:<from@us.example>
            S: 452 4.5.3 too many messages
            => a again elsewhere: 452 4.5.3 too many messages
            => exhausted
            C: QUIT
            S: 221 bye
            => close
            """),
        .init(
            "DATA refused is the outcome of those accepted",
            ClientDialogue(messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example"]), ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 250 ok
            C: RCPT TO:<b@x.example>
            S: 550 no
            C: DATA
            S: 451 4.3.0 not now
            => a deferred: 451 4.3.0 not now
            => b failed: 550 no
            C: RSET
            S: 250 ok
            C: MAIL FROM:<from@us.example>
            """),
        .init(
            "too many recipients: those that follow the first 452 are for the next transaction",
            ClientDialogue(messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example", "c@x.example"])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 250 ok
            C: RCPT TO:<b@x.example>
            S: 452 4.5.3 too many
            C: DATA
            S: 354 go on
            C: hi
            C: .
            S: 250 ok
            => a delivered: 250 ok
            => b again here: 452 4.5.3 too many
            => c again here: 452 4.5.3 too many
            """),
        .init(
            "452 that speaks of a full mailbox or disk, or comes first, is a plain deferral; 552 without status is as 452",
            ClientDialogue(messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example", "c@x.example", "d@x.example"])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 452 4.5.3 too many
            C: RCPT TO:<b@x.example>
            S: 250 ok
            C: RCPT TO:<c@x.example>
            S: 452 4.2.2 mailbox full
            C: RCPT TO:<d@x.example>
            S: 552 too many recipients
            C: DATA
            S: 354 go on
            C: hi
            C: .
            S: 554 5.7.1 spam
            => a deferred: 452 4.5.3 too many
            => b failed: 554 5.7.1 spam
            => c deferred: 452 4.2.2 mailbox full
            => d again here: 552 too many recipients
            """),
        .init(
            "content without a line end at its end gets one, dots are stuffed",
            ClientDialogue(messages: [ClientDialogue.message(".one\r\ntwo.\r\n..three")]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 250 ok
            C: DATA
            S: 354 go on
            C: ..one
            C: two.
            C: ...three
            C: .
            S: 250 ok
            => a delivered: 250 ok
            """),
        .init(
            "3yz is an answer to DATA alone", ClientDialogue(messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 354 go on
            => a deferred: 451 4.5.0 invalid answer while waiting for the reply to MAIL: "354 go on"
            => lost: envelope
            => close
            """),
        .init(
            "controls in a reply are shown as question marks", ClientDialogue(messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 550 5.7.1 \u{1B}[31mred\u{7} \u{202E}ünï
            => a failed: 550 5.7.1 ?[31mred? ?ünï
            """),
    ]
}
