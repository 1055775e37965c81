import MailVocabulary
import NIOCore

// MARK: - Commands

extension SMTPServerSession {
    /// Reads one command line and carries it out.
    ///
    /// - Returns: whether to go on.
    mutating func readCommand(_ actions: inout [SMTPServerAction]) -> Bool {
        guard let line = lines.next(&input) else { return false }
        defer { linesRead &+= 1 }
        switch line {
        case .command(let length): return readCommand(length: length, &actions)
        case .badLineEnd: refuseLine(ServerReplies.badLineEnd, &actions)
        case .tooLong(let isAuthentication, let hasVerb):
            let reply = isAuthentication ? ServerReplies.authenticationLineTooLong : ServerReplies.lineTooLong
            if hasVerb { refuseCommand(reply, &actions) } else { refuseLine(reply, &actions) }
        case .skipped: break
        case .endless: closeInTurn(with: ServerReplies.endlessLine, &actions)
        }
        return true
    }

    private mutating func readCommand(length: Int, _ actions: inout [SMTPServerAction]) -> Bool {
        let smtpUTF8 = transaction?.sender.smtpUTF8 ?? false
        let result = input.withUnsafeReadableBytes { bytes in
            parser.parse(UnsafeRawBufferPointer(rebasing: bytes[..<length]), smtpUTF8: smtpUTF8)
        }
        if case .success(.recipient) = result, waitsForRecipients { return false }
        input.moveReaderIndex(forwardBy: length + 2)
        switch result {
        case .success(let command):
            dataWasRefused = false
            carryOut(command, &actions)
        case .failure(let error): refuse(error, &actions)
        }
        return true
    }

    /// Answers a command that has something wrong behind its verb. It is one all the same, also behind a refused `DATA`: a client that writes
    /// `RCPT TO:bad` there is not sending content. (Only a command without fault ends the watch for that.)
    private mutating func refuseCommand(_ reply: Reply, _ actions: inout [SMTPServerAction]) { refuse(reply, &actions) }

    /// Answers a line that is no command; directly behind a refused `DATA` it is taken for the content that was not wanted.
    private mutating func refuseLine(_ reply: Reply, isUnknownCommand: Bool = false, _ actions: inout [SMTPServerAction]) {
        if dataWasRefused { return close(with: ServerReplies.synchronisationError, &actions) }
        if isUnknownCommand {
            unknownCommands += 1
            if unknownCommands > settings.unknownCommandLimit {
                return closeInTurn(with: ServerReplies.tooManyUnknownCommands, &actions)
            }
        }
        refuse(reply, &actions)
    }

    private mutating func refuse(_ error: CommandError, _ actions: inout [SMTPServerAction]) {
        switch error.kind {
        case .syntax: refuseCommand(error.reply, &actions)
        case .lostPosition, .foreignProtocol: close(with: error.reply, &actions)
        case .unknownCommand: refuseLine(error.reply, isUnknownCommand: true, &actions)
        }
    }

    private mutating func carryOut(_ command: SMTPCommand, _ actions: inout [SMTPServerAction]) {
        if let refusal = protectionRefusal, !command.needsNoProtection { return refuseUnprotected(command, refusal, &actions) }
        switch command {
        case .hello(let greeting): greet(greeting, &actions)
        case .mail(let sender): mail(sender, &actions)
        case .recipient(let recipient): self.recipient(recipient, &actions)
        case .data: data(&actions)
        case .chunk(let size, let isLast): chunk(size: size, isLast: isLast, &actions)
        case .reset:
            abortTransaction(&actions)
            idle(ServerReplies.resetOK, &actions)
        case .noop: idle(ServerReplies.noopOK, &actions)
        case .verify: idle(ServerReplies.verify, &actions)
        case .help: idle(settings.help, &actions)
        case .expand, .notOffered: refuse(ServerReplies.notOffered, &actions)
        case .startTLS: startTLS(&actions)
        case .authenticate(let request): authenticate(request, &actions)
        case .quit: close(with: ServerReplies.bye, &actions)
        }
    }

    /// Answers a command that moves nothing: enough of them are an error each, though not told so.
    ///
    /// - Parameter isOwn: the session's own words, and not the host's.
    mutating func idle(_ reply: Reply, isOwn: Bool = true, _ actions: inout [SMTPServerAction]) {
        idleCommands += 1
        if idleCommands > settings.idleCommandLimit {
            refuse(reply, isOwn: isOwn, &actions)
        } else {
            if isOwn { note(reply, &actions) }
            respond(reply)
        }
    }

    /// RFC 5321 §4.1.4: a greeting in the middle of a session resets it.
    private mutating func greet(_ greeting: ClientGreeting, _ actions: inout [SMTPServerAction]) {
        abortTransaction(&actions)
        if standing != .stranger {
            idleCommands += 1
            if idleCommands > settings.idleCommandLimit { errors += 1 }
            if errors > settings.errorLimit { return close(with: ServerReplies.tooManyErrors, &actions) }
        }
        standing.greet(greeting)
        switch greeting {
        case .helo: write(encoded: settings.greetings.helo)
        case .ehlo:
            let mayAuthenticate = standing.identity == nil && (secureChannel == nil || protectionRefusal == nil)
            write(
                encoded: settings.greetings.ehlo(
                    isSecured: secureChannel != nil, mayAuthenticate: mayAuthenticate, without: mechanismsOff))
        }
    }

    private mutating func mail(_ sender: EnvelopeSender, _ actions: inout [SMTPServerAction]) {
        guard greeting != nil else { return refuse(ServerReplies.greetFirst, from: sender, &actions) }
        if settings.authentication?.isRequired == true, standing.identity == nil {
            return refuse(settings.coded(ServerReplies.authenticationRequired, by: .login), from: sender, &actions)
        }
        guard transaction == nil else { return refuse(ServerReplies.nestedMail, from: sender, &actions) }
        if let limit = settings.messagesPerConnection, messages >= limit {
            return close(with: ServerReplies.tooManyMessages(limit: limit), from: sender, &actions)
        }
        let declared = sender.declaredSize ?? 0
        if let largest = settings.messageSizeLimit, declared > largest.bytes {
            let reply = ServerReplies.messageTooLarge(size: declared, limit: largest)
            return refuse(settings.coded(reply, by: .messageSize), from: sender, &actions)
        }
        // E02: a first message is always welcome, and none is cut off: what counts is known before it begins.
        if let limit = settings.sessionSizeLimit,
            sessionOctets >= limit.bytes || (sessionOctets > 0 && declared > limit.bytes - sessionOctets)
        {
            return close(with: ServerReplies.sessionFull(limit: limit), from: sender, &actions)
        }
        transaction = ServerTransaction(sender: sender)
        actions.append(.transactionBegan(sender))
        respond(ServerReplies.senderOK)
    }

    private mutating func recipient(_ recipient: EnvelopeRecipient, _ actions: inout [SMTPServerAction]) {
        guard let transaction else { return refuse(mailMissing, &actions) }
        if transaction.contentBegan { return refuse(ServerReplies.chunkingBegan, &actions) }
        if let limit = settings.recipientsLimit, transaction.accepted >= limit {
            guard countsPostponedRecipient() else { return closeInTurn(with: ServerReplies.tooManyPostponedRecipients, &actions) }
            note(ServerReplies.tooManyRecipients, to: recipient, &actions)
            return respond(ServerReplies.tooManyRecipients)
        }
        self.transaction?.asked += 1
        replies.appendUnanswered()
        actions.append(.askRecipient(recipient))
    }

    /// Whether it depends on open answers if there is room for one more recipient.
    private var waitsForRecipients: Bool {
        guard replies.unanswered > 0, let limit = settings.recipientsLimit, let transaction else { return false }
        return transaction.accepted < limit && transaction.accepted + replies.unanswered >= limit
    }

    private mutating func data(_ actions: inout [SMTPServerAction]) {
        if let refusal = contentRefusal {
            refuseData(refusal, &actions)
        } else if transaction?.contentBegan == true {
            refuseData(ServerReplies.chunkingBegan, &actions)
        } else {
            transaction?.contentBegan = true
            dataDecoder = DataDecoder(limit: contentLimit, lineLimit: settings.lineLengthLimit)
            phase = .data
            actions.append(.contentBegan)
            respond(ServerReplies.goOn)
        }
    }

    mutating func refuseData(_ reply: Reply, _ actions: inout [SMTPServerAction]) {
        dataWasRefused = true
        guard reply.isTransientFailure else { return refuse(reply, &actions) }
        note(reply, &actions)
        respond(reply)
    }

    /// Why no content may come now; nil if it may.
    var contentRefusal: Reply? {
        guard let transaction else { return mailMissing }
        if transaction.accepted > 0 { return nil }
        if transaction.asked == 0 { return ServerReplies.recipientFirst }
        return transaction.deferred > 0 ? ServerReplies.deferredRecipients : ServerReplies.noValidRecipients
    }

    private var mailMissing: Reply { greeting == nil ? ServerReplies.greetFirst : ServerReplies.mailFirst }

    /// Octets that the next message may have; nil: no limit. The session's limit cuts no message off (E02).
    var contentLimit: Int? { settings.messageSizeLimit?.bytes }
}
