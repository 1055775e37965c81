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
        if let answer = transaction.earlyAnswer { return refuseChunk(size: size, answer, isOwn: false, &actions) }
        if !transaction.contentBegan {
            chunkDecoder = ChunkDecoder(limit: contentLimit, lineLimit: settings.lineLengthLimit)
            self.transaction?.contentBegan = true
            actions.append(.contentBegan)
        }
        let octets = chunkDecoder.octets + size
        if let limit = contentLimit, octets > limit {
            return refuseChunk(size: size, reply(to: .tooLarge, octets: octets), &actions)
        }
        chunkDecoder.beginChunk(size: size)
        isLastChunk = isLast
        isEmptyChunk = size == 0 && !isLast
        phase = .chunk
    }

    /// - Parameter isOwn: the session's own words, and not the host's.
    mutating func refuseChunk(size: Int, _ reply: Reply, isOwn: Bool = true, _ actions: inout [SMTPServerAction]) {
        refusedChunk = RefusedChunk(remaining: size, reply: reply, sender: transaction?.sender, isOwn: isOwn)
        abortTransaction(as: .refused, &actions)
        countSessionOctets(size)
        phase = .refusedChunk
    }

    mutating func workOnRefusedChunk(_ actions: inout [SMTPServerAction]) -> Bool {
        guard let chunk = refusedChunk else {
            phase = .commands
            return true
        }
        let length = min(chunk.remaining, input.readableBytes)
        input.moveReaderIndex(forwardBy: length)
        contentOctetsRead &+= UInt64(length)
        refusedChunk?.remaining -= length
        guard length == chunk.remaining else { return false }
        refusedChunk = nil
        phase = .commands
        answerContent(chunk.reply, isError: true, isOwn: chunk.isOwn, from: chunk.sender, &actions)
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
        actions.append(.transactionAborted(.refused))
    }

    /// Whether content that nobody wants goes on for too long.
    private func skipsTooMuch(_ octets: Int) -> Bool { transaction?.isAlive != true && octets > settings.discardLimit.bytes }

    private mutating func endContent(octets: Int, defect: ContentDefect?, has8BitOctets: Bool, _ actions: inout [SMTPServerAction]) {
        countSessionOctets(octets)
        messages += 1
        if let answer = transaction?.earlyAnswer {
            transaction = nil
            phase = .commands
            answerContent(answer, isError: false, isOwn: false, from: nil, &actions)
        } else if let defect {
            dropContent(&actions)
            let sender = transaction?.sender
            transaction = nil
            phase = .commands
            answerContent(reply(to: defect, octets: octets), isError: true, isOwn: true, from: sender, &actions)
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
            answerContent(reply, isError: false, isOwn: false, from: nil, &actions)
        } else if let transaction, transaction.contentBegan, transaction.isAlive {
            // A message that is not whole cannot have been taken.
            if reply.isPositive { note(ServerReplies.holderFailed, &actions) }
            self.transaction?.earlyAnswer = reply.isPositive ? ServerReplies.holderFailed : reply
        }
    }

    /// - Parameters:
    ///   - isError: it counts as the client's error, where it is permanent.
    ///   - isOwn: the session's own words, and not the host's.
    ///   - sender: of the transaction, which is over.
    private mutating func answerContent(
        _ reply: Reply, isError: Bool, isOwn: Bool, from sender: EnvelopeSender?, _ actions: inout [SMTPServerAction]
    ) {
        if isOwn { note(reply, from: sender, isOfTransaction: sender != nil, &actions) }
        if reply.code == 421 {
            close(with: reply, isOwn: false, &actions)
        } else if isError, reply.isPermanentFailure {
            refuse(reply, isOwn: false, &actions)
        } else {
            respond(reply)
        }
    }

    mutating func countSessionOctets(_ octets: Int) {
        let (sum, overflow) = sessionOctets.addingReportingOverflow(octets)
        sessionOctets = overflow ? Int.max : sum
    }

    private func reply(to defect: ContentDefect, octets: Int) -> Reply {
        switch defect {
        case .bareLineEnd: return ServerReplies.bareLineEnd
        case .lineTooLong: return settings.coded(ServerReplies.textLineTooLong(limit: settings.lineLengthLimit), by: .lineLength)
        case .tooLarge:
            let reply = ServerReplies.messageTooLarge(size: octets, limit: settings.messageSizeLimit ?? ByteCount(octets))
            return settings.coded(reply, by: .messageSize)
        }
    }
}

/// A chunk that was refused by its command line: its octets are swallowed, and then answered.
struct RefusedChunk: Sendable {
    /// Octets that are still to come.
    var remaining: Int
    let reply: Reply
    /// Of the transaction that the chunk ended.
    let sender: EnvelopeSender?
    /// The session's own words, and not the host's.
    let isOwn: Bool
}
