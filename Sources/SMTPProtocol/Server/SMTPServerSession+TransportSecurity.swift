import MailVocabulary
import NIOCore

// MARK: - STARTTLS

/// What is sent behind `STARTTLS` before the handshake is never carried out, neither in clear nor, as if it had been said under
/// protection, after it (the class of CVE-2011-0411). It is dropped and counts as one error, wherever the network cuts it.
extension SMTPServerSession {
    mutating func startTLS(_ actions: inout [SMTPServerAction]) {
        guard secureChannel == nil else { return refuse(ServerReplies.alreadySecured, &actions) }
        abortTransaction(&actions)
        respond(ServerReplies.readyForTLS)
        flush(&actions)
        actions.append(.startTLS)
        phase = .handshake(sawPlaintext: false)
    }

    mutating func dropPlaintext(sawPlaintext: Bool, _ actions: inout [SMTPServerAction]) {
        guard input.readableBytes > 0 else { return }
        actions.append(.plaintextDropped(octets: input.readableBytes))
        input = ByteBuffer()
        if !sawPlaintext { errors += 1 }
        phase = .handshake(sawPlaintext: true)
    }

    mutating func secured(_ channel: SecureChannel) {
        switch phase {
        case .handshake: phase = .commands
        case .beforeBanner where settings.transportSecurity.mode == .implicit && secureChannel == nil: break
        default: return
        }
        secureChannel = channel
        // RFC 3207 §4.2: nothing that was said in clear counts.
        standing = .stranger
        lines = CommandLineReader(limit: lines.limit, knowsAuthentication: lines.knowsAuthentication)
        dataWasRefused = false
        protectionRefusal = settings.transportSecurity.refusal(of: channel)
    }

    /// Whether the client could read a reply now.
    var canBeHeard: Bool {
        switch phase {
        case .handshake: false
        case .beforeBanner: settings.transportSecurity.mode != .implicit || secureChannel != nil
        default: true
        }
    }

    /// Answers a command that needs more protection than there is. Over TLS it cannot become better, so the session ends with it.
    mutating func refuseUnprotected(_ command: SMTPCommand, _ reply: Reply, _ actions: inout [SMTPServerAction]) {
        let reply = settings.coded(reply, by: secureChannel == nil ? .encryption : .strongEncryption)
        if secureChannel != nil { return closeInTurn(with: reply, &actions) }
        switch command {
        case .chunk(let size, _) where size <= settings.discardLimit.bytes: refuseChunk(size: size, reply, &actions)
        case .chunk: close(with: ServerReplies.chunkTooLarge, &actions)
        case .data: refuseData(reply, &actions)
        case .mail(let sender): refuse(reply, from: sender, &actions)
        default: refuse(reply, &actions)
        }
    }
}

extension SMTPCommand {
    /// What a client may say to a server that wants more protection (RFC 3207 §4).
    var needsNoProtection: Bool {
        switch self {
        case .hello(.ehlo), .startTLS, .noop, .quit: true
        default: false
        }
    }
}
