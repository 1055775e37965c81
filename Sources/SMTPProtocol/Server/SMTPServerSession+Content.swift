import MailVocabulary
import NIOCore

// MARK: - Content

extension SMTPServerSession {
    mutating func workOnData(_ actions: inout [SMTPServerAction]) -> Bool {
        guard input.readableBytes > 0 else { return false }
        let before = input.readableBytes
        let output = dataDecoder.decode(&input)
        contentOctetsRead &+= UInt64(before - input.readableBytes)
        pass(output.content, defect: dataDecoder.defect, &actions)
        if skipsTooMuch(dataDecoder.octets) {
            close(with: ServerReplies.discardedTooMuch, &actions)
        } else if output.isComplete {
            endContent(
                octets: dataDecoder.octets, defect: dataDecoder.defect, has8BitOctets: dataDecoder.has8BitOctets, &actions)
        }
        return true
    }

    /// RFC 3030 §2: whatever the answer is, the octets of a chunk are never commands. A refused chunk ends the transaction, or the next
    /// one would begin a message in its middle.
    mutating func chunk(size: Int, isLast: Bool, _ actions: inout [SMTPServerAction]) {
        guard size <= settings.discardLimit.bytes else { return close(with: ServerReplies.chunkTooLarge, &actions) }
        guard contentRefusal == nil, let transaction else {
            return refuseChunk(size: size, contentRefusal ?? ServerReplies.mailFirst, &actions)
        }
        if let answer = transaction.earlyAnswer { return refuseChunk(size: size, answer, &actions) }
        if !transaction.contentBegan {
            chunkDecoder = ChunkDecoder(limit: contentLimit, lineLimit: settings.lineLengthLimit)
            self.transaction?.contentBegan = true
            actions.append(.contentBegan)
        }
        let octets = chunkDecoder.octets + size
        if let limit = contentLimit, octets > limit {
            return refuseChunk(size: size, reply(to: .tooLarge, octets: octets, from: transaction.sender, &actions), &actions)
        }
        chunkDecoder.beginChunk(size: size)
        isLastChunk = isLast
        isEmptyChunk = size == 0 && !isLast
        phase = .chunk
    }

    mutating func refuseChunk(size: Int, _ reply: Reply, _ actions: inout [SMTPServerAction]) {
        abortTransaction(&actions)
        countSessionOctets(size)
        refusedChunk = (size, reply)
        phase = .refusedChunk
    }

    mutating func workOnRefusedChunk(_ actions: inout [SMTPServerAction]) -> Bool {
        guard let (remaining, reply) = refusedChunk else {
            phase = .commands
            return true
        }
        let length = min(remaining, input.readableBytes)
        input.moveReaderIndex(forwardBy: length)
        contentOctetsRead &+= UInt64(length)
        refusedChunk = (remaining - length, reply)
        guard length == remaining else { return false }
        refusedChunk = nil
        phase = .commands
        answerContent(reply, isError: true, &actions)
        return true
    }

    mutating func workOnChunk(_ actions: inout [SMTPServerAction]) -> Bool {
        if chunkDecoder.remaining > 0 {
            guard input.readableBytes > 0 else { return false }
            let before = input.readableBytes
            let content = chunkDecoder.decode(&input)
            contentOctetsRead &+= UInt64(before - input.readableBytes)
            pass(content, defect: chunkDecoder.defect, &actions)
            guard chunkDecoder.remaining == 0 else { return true }
        }
        if isLastChunk { chunkDecoder.finishMessage() }
        if isLastChunk || chunkDecoder.defect != nil || transaction?.earlyAnswer != nil {
            endContent(
                octets: chunkDecoder.octets, defect: chunkDecoder.defect, has8BitOctets: chunkDecoder.has8BitOctets, &actions)
        } else {
            phase = .commands
            let reply = Reply(250, EnhancedStatusCode(2, 0, 0), "\(chunkDecoder.octets) octets so far")
            if isEmptyChunk { idle(reply, &actions) } else { respond(reply) }
        }
        return true
    }

    /// Hands octets on while they are wanted; the first defect ends the transaction for whoever holds it, though not yet for the client.
    private mutating func pass(_ content: ByteBuffer, defect: ContentDefect?, _ actions: inout [SMTPServerAction]) {
        guard transaction?.isAlive == true else { return }
        if content.readableBytes > 0 { actions.append(.content(content)) }
        if defect != nil { dropContent(&actions) }
    }

    private mutating func dropContent(_ actions: inout [SMTPServerAction]) {
        guard transaction?.isAlive == true else { return }
        transaction?.isRefused = true
        actions.append(.transactionAborted)
    }

    /// Whether content that nobody wants goes on for too long.
    private func skipsTooMuch(_ octets: Int) -> Bool { transaction?.isAlive != true && octets > settings.discardLimit.bytes }

    private mutating func endContent(octets: Int, defect: ContentDefect?, has8BitOctets: Bool, _ actions: inout [SMTPServerAction]) {
        countSessionOctets(octets)
        messages += 1
        if let answer = transaction?.earlyAnswer {
            transaction = nil
            phase = .commands
            answerContent(answer, isError: false, &actions)
        } else if let defect {
            dropContent(&actions)
            let reply = reply(to: defect, octets: octets, from: transaction?.sender, &actions)
            transaction = nil
            phase = .commands
            answerContent(reply, isError: true, &actions)
        } else {
            phase = .answer
            actions.append(.contentEnded(octets: octets, has8BitOctets: has8BitOctets))
        }
    }

    mutating func contentAnswered(_ reply: Reply, _ actions: inout [SMTPServerAction]) {
        if phase == .answer {
            transaction = nil
            phase = .commands
            if reply.isPositive { (errors, unknownCommands, idleCommands, refusedRecipients, postponedRecipients) = (0, 0, 0, 0, 0) }
            answerContent(reply, isError: false, &actions)
        } else if let transaction, transaction.contentBegan, transaction.isAlive {
            // A message that is not whole cannot have been taken.
            self.transaction?.earlyAnswer = reply.isPositive ? ServerReplies.holderFailed : reply
        }
    }

    private mutating func answerContent(_ reply: Reply, isError: Bool, _ actions: inout [SMTPServerAction]) {
        if reply.code == 421 {
            close(with: reply, &actions)
        } else if isError, reply.isPermanentFailure {
            refuse(reply, &actions)
        } else {
            respond(reply)
        }
    }

    mutating func countSessionOctets(_ octets: Int) {
        let (sum, overflow) = sessionOctets.addingReportingOverflow(octets)
        sessionOctets = overflow ? Int.max : sum
    }

    private mutating func reply(
        to defect: ContentDefect, octets: Int, from sender: EnvelopeSender?, _ actions: inout [SMTPServerAction]
    ) -> Reply {
        switch defect {
        case .bareLineEnd: return ServerReplies.bareLineEnd
        case .lineTooLong: return ServerReplies.textLineTooLong(limit: settings.lineLengthLimit)
        case .tooLarge:
            let reply = ServerReplies.messageTooLarge(size: octets, limit: settings.messageSizeLimit ?? ByteCount(octets))
            return coded(reply, by: .messageSize, from: sender, &actions)
        }
    }
}
