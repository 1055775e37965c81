@testable import SMTPProtocol

extension ClientTranscript {
    static let chunked: [ClientTranscript] = [
        .init(
            "BDAT waits until a recipient is accepted, and sends the content as it is",
            ClientDialogue(messages: [
                ClientDialogue.message(to: ["a@x.example", "b@x.example"], ".dot\r\nend\r\n"), ClientDialogue.message(),
            ]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-CHUNKING
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: RCPT TO:<b@x.example>
            S: 250 ok
            S: 550 no
            S: 250 ok
            C: BDAT 11 LAST
            C: .dot
            C: end
            S: 250 2.6.0 taken
            => a failed: 550 no
            => b delivered: 250 2.6.0 taken
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            S: 250 ok
            S: 250 ok
            C: BDAT 4 LAST
            C: hi
            """),
        .init(
            "no recipient accepted: no chunk",
            ClientDialogue(messages: [ClientDialogue.message(), ClientDialogue.message(to: ["b@x.example"])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-CHUNKING
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            S: 250 ok
            S: 550 no
            => a failed: 550 no
            C: RSET
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<b@x.example>
            """),
        .init(
            "BDAT without PIPELINING; an empty message; too many recipients",
            ClientDialogue(messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example", "c@x.example"], "")]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 CHUNKING
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 250 ok
            C: RCPT TO:<b@x.example>
            S: 452 4.5.3 enough
            C: BDAT 0 LAST
            S: 250 ok
            => a delivered: 250 ok
            => b again here: 452 4.5.3 enough
            => c again here: 452 4.5.3 enough
            """),
        .init(
            "BDAT refused", ClientDialogue(messages: [ClientDialogue.message()], quits: true),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-CHUNKING
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            S: 250 ok
            S: 250 ok
            C: BDAT 4 LAST
            C: hi
            S: 552 5.2.3 too big
            => a failed: 552 5.2.3 too big
            C: QUIT
            """),
        .init(
            "an extension that is announced and refused: BDAT is unknown, which says nothing of the message",
            ClientDialogue(messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example"])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-CHUNKING
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: RCPT TO:<b@x.example>
            S: 250 ok
            S: 250 ok
            S: 550 no
            C: BDAT 4 LAST
            C: hi
            S: 500 5.5.1 what?
            => a again elsewhere: 500 5.5.1 what?
            => b failed: 550 no
            => lost: contentSent
            => close
            """),
        .init(
            "content shorter than announced is never completed",
            ClientDialogue(messages: [
                ClientDialogue.Message(message: ClientDialogue.message().message, content: "", chunks: ["hi"])
            ]),
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
            => a deferred: 451 4.3.0 the content has 2 octets, not the 4 announced
            => lost: content
            => close
            """),
        .init(
            "content longer than announced does not run over into commands",
            ClientDialogue(messages: [
                ClientDialogue.Message(message: ClientDialogue.message().message, content: "", chunks: ["hi", "\r\nRSET\r\n"])
            ]),
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
            => a deferred: 451 4.3.0 the content is longer than the 4 octets announced
            => lost: content
            => close
            """),
    ]
}
