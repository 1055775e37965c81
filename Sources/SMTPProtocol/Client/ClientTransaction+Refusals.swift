import MailVocabulary

/// Refusals that are of the way a message is sent, and not of the message: an extension that was announced and does not work.
extension ClientTransaction {
    /// The parameters of `MAIL` that say nothing the message could not go without.
    private var optionalMailParameters: Set<RemoteExtension> {
        var used: Set<RemoteExtension> = []
        if extensions.size { used.insert(.size) }
        if extensions.dsn, message.sender.returnContent != nil || message.sender.envelopeID != nil { used.insert(.dsn) }
        return used
    }

    /// The parameters of `MAIL` that the message needs.
    private var neededMailParameters: Set<RemoteExtension> {
        var used: Set<RemoteExtension> = []
        if message.sender.body == .binaryMIME {
            used.insert(.binaryMIME)
        } else if message.has8BitContent, extensions.eightBitMIME {
            used.insert(.eightBitMIME)
        }
        if usesSMTPUTF8 { used.insert(.smtpUTF8) }
        return used
    }

    /// What a refused `MAIL` means: it is said again without the parameters that nobody needs, where they can have been the reason.
    mutating func outcome(ofRefusedMail reply: RemoteReply) -> DeliveryOutcome {
        if reply.refusesSyntax {
            let optional = optionalMailParameters
            if !optional.isEmpty {
                refusedExtensions.formUnion(optional)
                return .retryAtOnce(reply.reply, .sameConnection)
            }
            if !neededMailParameters.isEmpty { return .lacking(reply.reply) }
        }
        return reply.saysServerLacks ? .lacking(reply.reply) : DeliveryOutcome(refusal: reply.reply)
    }

    mutating func outcome(ofRefusedRecipient index: Int, _ reply: RemoteReply) -> DeliveryOutcome {
        let recipient = message.recipients[index]
        if reply.refusesSyntax, extensions.dsn, recipient.notify != nil || recipient.originalRecipient != nil {
            refusedExtensions.insert(.dsn)
            return .retryAtOnce(reply.reply, .sameConnection)
        }
        return reply.saysServerLacks ? .lacking(reply.reply) : DeliveryOutcome(refusal: reply.reply)
    }

    /// Whether a reply to `BDAT` is one to the command and not to the content: a server, or something before it, that does not know it.
    func refusesChunk(_ reply: RemoteReply) -> Bool { transfer == .chunk && (reply.refusesSyntax || reply.code == 503) }

    /// Nobody has taken anything, and what was sent as content is being read as commands: the connection is of no further use.
    mutating func chunkRefused(_ reply: RemoteReply) -> Step {
        refusedExtensions.insert(.chunking)
        for index in accepted where outcomes[index] == nil { outcomes[index] = .retryAtOnce(reply.reply, .anotherConnection) }
        return .lost(.closedByReply(reply.reply))
    }
}

extension RemoteReply {
    /// Whether a command or its parameters are not understood (RFC 5321 §4.2.2, §4.1.1.11). An enhanced status code that speaks of
    /// something else than the protocol is believed.
    var refusesSyntax: Bool {
        switch code {
        case 500, 501, 502, 504, 555: status.map { $0.subject == 5 } ?? true
        default: false
        }
    }

    /// Whether it says that this server cannot do what the message needs, in an enhanced status code (RFC 3463 §3.4, §3.7, RFC 6531 §3.5):
    /// too large for it, a feature or conversion that it does not have, no address outside ASCII.
    var saysServerLacks: Bool {
        guard (500...599).contains(code), let status else { return false }
        return switch (status.subject, status.detail) {
        case (3, 3), (3, 4), (6, 1), (6, 3), (6, 7), (6, 8), (6, 9): true
        default: false
        }
    }
}
