import MailVocabulary

@testable import SMTPProtocol

extension ClientTranscript {
    static let pipelined: [ClientTranscript] = [
        .init(
            "MAIL, RCPT and DATA go out together, the parameters that were offered are used",
            ClientDialogue(messages: [
                ClientDialogue.message(to: ["a@x.example", "b@x.example"], "hé\r\n", eightBit: true), ClientDialogue.message(),
            ]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-PIPELINING
            S: 250-8BITMIME
            S: 250 size 1000
            C: MAIL FROM:<from@us.example> SIZE=5 BODY=8BITMIME
            C: RCPT TO:<a@x.example>
            C: RCPT TO:<b@x.example>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 550 5.1.1 who
            S: 354 go on
            C: hé
            C: .
            S: 250 ok
            => a delivered: 250 ok
            => b failed: 550 5.1.1 who
            C: MAIL FROM:<from@us.example> SIZE=4
            C: RCPT TO:<a@x.example>
            C: DATA
            """),
        .init(
            "all recipients refused, DATA refused: RSET joins the next group",
            ClientDialogue(messages: [ClientDialogue.message(), ClientDialogue.message(to: ["b@x.example"])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            S: 250 ok
            S: 550 5.1.1 who
            S: 554 5.5.1 no valid recipients
            => a failed: 550 5.1.1 who
            C: RSET
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<b@x.example>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 250 ok
            S: 354 go on
            C: hi
            C: .
            S: 250 ok
            => b delivered: 250 ok
            """),
        .init(
            "all recipients refused, DATA accepted nevertheless: a lone dot, whose reply means nothing",
            ClientDialogue(messages: [ClientDialogue.message(), ClientDialogue.message(to: ["b@x.example"])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            S: 250 ok
            S: 450 4.2.0 later
            S: 354 go on
            C: .
            S: 250 2.0.0 accepted nothing
            => a deferred: 450 4.2.0 later
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<b@x.example>
            C: DATA
            """),
        .init(
            "MAIL refused: what was pipelined behind it is only counted",
            ClientDialogue(messages: [ClientDialogue.message(to: ["a@x.example", "b@x.example"]), ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: RCPT TO:<b@x.example>
            C: DATA
            S: 450 4.1.8 who are you
            S: 503 5.5.1 MAIL first
            S: 503 5.5.1 MAIL first
            S: 503 5.5.1 RCPT first
            => a deferred: 450 4.1.8 who are you
            => b deferred: 450 4.1.8 who are you
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            """),
        .init(
            "DSN parameters only where DSN is offered", ClientDialogue(messages: [dsnMessage]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-PIPELINING
            S: 250 DSN
            C: MAIL FROM:<from@us.example> RET=HDRS ENVID=id+2B1
            C: RCPT TO:<a@x.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@x.example
            C: RCPT TO:<b@x.example> NOTIFY=NEVER
            C: DATA
            """),
        .init(
            "… and not elsewhere", ClientDialogue(messages: [dsnMessage]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 250 ok
            C: RCPT TO:<a@x.example>
            S: 250 ok
            C: RCPT TO:<b@x.example>
            """),
        .init(
            "content that cannot be read to its end is never completed",
            ClientDialogue(messages: [halfMessage]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example>
            C: RCPT TO:<a@x.example>
            C: DATA
            S: 250 ok
            S: 250 ok
            S: 354 go on
            C: half
            => a deferred: 451 4.3.0 disk error
            => lost: content
            => close
            """),
    ]

    private static let dsnMessage = ClientDialogue.Message(
        message: OutgoingMessage(
            sender: EnvelopeSender(
                reversePath: .address(EmailAddress(parsing: "from@us.example")!), returnContent: .headers, envelopeID: "id+2B1"),
            recipients: [
                EnvelopeRecipient(
                    address: EmailAddress(parsing: "a@x.example")!, notify: [.success, .delay], originalRecipient: "rfc822;a@x.example"),
                EnvelopeRecipient(address: EmailAddress(parsing: "b@x.example")!, notify: .never, originalRecipient: "bad value\r\nRSET"),
            ], size: 4, has8BitContent: false), content: "hi\r\n")

    private static let halfMessage = ClientDialogue.Message(
        message: ClientDialogue.message(to: ["a@x.example"], "half of it").message, content: "half of it", chunks: ["half"],
        failure: "disk error")
}
