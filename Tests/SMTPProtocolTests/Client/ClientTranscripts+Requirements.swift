@testable import SMTPProtocol

extension ClientTranscript {
    /// What is decided without a word to the server.
    static let local: [ClientTranscript] = [
        .init(
            "parameters that are announced and refused are left out in the next transaction",
            ClientDialogue(messages: [ClientDialogue.message(), ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 SIZE
            C: MAIL FROM:<from@us.example> SIZE=4
            S: 555 5.5.4 SIZE?
            => a again here: 555 5.5.4 SIZE?
            C: MAIL FROM:<from@us.example>
            S: 501 5.1.7 bad address
            => a failed: 501 5.1.7 bad address
            """),
        .init(
            "a parameter that the message needs, announced and refused, is something that this server lacks",
            ClientDialogue(messages: [ClientDialogue.message("é", eightBit: true)]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 8BITMIME
            C: MAIL FROM:<from@us.example> BODY=8BITMIME
            S: 555 5.5.4 BODY?
            => a lacking: 555 5.5.4 BODY?
            """),
        .init(
            "a server that says at MAIL what it lacks: too large for it is no verdict of other servers",
            ClientDialogue(messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            C: MAIL FROM:<from@us.example>
            S: 552 5.3.4 too large
            => a lacking: 552 5.3.4 too large
            """),
        .init(
            "8-bit content where 8BITMIME is missing is not sent, and the connection goes on",
            ClientDialogue(messages: [ClientDialogue.message("é", eightBit: true), ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            => a lacking: 554 5.6.3 the message has 8-bit content, and the remote host does not offer 8BITMIME
            C: MAIL FROM:<from@us.example>
            """),
        .init(
            "larger than the server takes",
            ClientDialogue(messages: [ClientDialogue.message("12345"), ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 SIZE 4
            => a lacking: 552 5.3.4 the message has 5 octets, the remote host takes at most 4
            C: MAIL FROM:<from@us.example> SIZE=4
            """),
        .init(
            "SIZE 0, no number, or one that does not fit, limits nothing", ClientDialogue(messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 SIZE 0
            C: MAIL FROM:<from@us.example> SIZE=4
            """),
        .init(
            "… and so does a number beyond all bounds", ClientDialogue(messages: [ClientDialogue.message()]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250 SIZE 99999999999999999999999
            C: MAIL FROM:<from@us.example> SIZE=4
            """),
        .init(
            "a reverse-path in UTF-8 where SMTPUTF8 is missing", ClientDialogue(messages: [ClientDialogue.message(from: "é@us.example")]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            => a lacking: 553 5.6.7 the message needs SMTPUTF8, and the remote host does not offer it
            """),
        .init(
            "a header in UTF-8 where SMTPUTF8 is missing", ClientDialogue(messages: [ClientDialogue.message(smtpUTF8: true)]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250 mx
            => a lacking: 553 5.6.7 the message needs SMTPUTF8, and the remote host does not offer it
            """),
        .init(
            "one recipient in UTF-8 where SMTPUTF8 is missing fails alone",
            ClientDialogue(messages: [ClientDialogue.message(to: ["é@x.example", "a@x.example"])]),
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
            C: hi
            C: .
            S: 250 ok
            => é lacking: 553 5.6.7 the message needs SMTPUTF8, and the remote host does not offer it
            => a delivered: 250 ok
            """),
        .init(
            "where SMTPUTF8 is offered it is said, if it is needed",
            ClientDialogue(messages: [ClientDialogue.message(to: ["é@bücher.example", "\"a b\"@x.example"])]),
            """
            S: 220 mx
            C: EHLO us.example
            S: 250-mx
            S: 250-8BITMIME
            S: 250-SMTPUTF8
            S: 250 PIPELINING
            C: MAIL FROM:<from@us.example> SMTPUTF8
            C: RCPT TO:<é@xn--bcher-kva.example>
            C: RCPT TO:<"a b"@x.example>
            C: DATA
            """),
    ]
}
