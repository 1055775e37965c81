import MailVocabulary
import NIOCore

extension SMTPClientSession {
    mutating func readReplies(_ bytes: ByteBuffer, _ actions: inout [Action]) {
        guard state != .closed else { return }
        if state == .handshake { return fail(.plaintextInjected, &actions) }
        parser.append(bytes)
        do throws(ReplyParser.Failure) {
            while state != .closed, let reply = try parser.next() { receive(reply, &actions) }
        } catch {
            lose(.invalidReply(error.text), &actions)
        }
    }

    private mutating func receive(_ reply: RemoteReply, _ actions: inout [Action]) {
        replyCount += 1
        switch state {
        case .banner: receiveBanner(reply, &actions)
        case .extendedHello: receiveExtendedHello(reply, &actions)
        case .hello:
            if reply.code == 250 {
                helloAccepted(&actions)
            } else {
                refuseHello(reply, &actions)
            }
        case .startTLS: receiveStartTLS(reply, &actions)
        case .authentication(let exchange): receiveInExchange(reply, exchange, &actions)
        case .transaction: receiveInTransaction(reply, &actions)
        // Nothing was asked: 421 says goodbye, and whatever else it is would be taken for the answer to the next question.
        case .ready: close(&actions)
        case .quitting: close(&actions)
        // What comes in clear in the middle of a handshake was dealt with before.
        case .handshake, .closed: break
        }
    }

    private mutating func receiveBanner(_ reply: RemoteReply, _ actions: inout [Action]) {
        switch reply.code {
        case 200...299: introduce(&actions)
        case 400...599:
            // RFC 5321 §3.1: the client still says QUIT.
            write(CommandEncoder.quit, &actions)
            fail(.bannerRefused(reply.reply), &actions)
        default: lose(.invalidReply(reply.quoted), &actions)
        }
    }

    /// Says who we are: at the beginning, and again once the connection is encrypted.
    mutating func introduce(_ actions: inout [Action]) {
        extensions = RemoteExtensions()
        isHelloRefused = false
        switch (settings.dialect, settings.useHELO) {
        case (.lmtp, _):
            write(CommandEncoder.hello("LHLO", settings.ourName), &actions)
            state = .extendedHello
        case (.smtp, false):
            write(CommandEncoder.hello("EHLO", settings.ourName), &actions)
            state = .extendedHello
        case (.smtp, true): sayHELO(&actions)
        }
    }

    private mutating func sayHELO(_ actions: inout [Action]) {
        write(CommandEncoder.hello("HELO", settings.ourName), &actions)
        state = .hello
    }

    private mutating func receiveExtendedHello(_ reply: RemoteReply, _ actions: inout [Action]) {
        if reply.code == 250 {
            extensions = RemoteExtensions(lines: reply.lines.dropFirst())
            extensions.remove(settings.avoiding)
            helloAccepted(&actions)
        } else if (500...599).contains(reply.code), settings.dialect == .smtp {
            // RFC 5321 §3.2: an old server gets HELO.
            isHelloRefused = true
            sayHELO(&actions)
        } else {
            refuseHello(reply, &actions)
        }
    }

    private mutating func refuseHello(_ reply: RemoteReply, _ actions: inout [Action]) {
        guard reply.code >= 400 else { return lose(.invalidReply(reply.quoted), &actions) }
        if reply.code != 421 { write(CommandEncoder.quit, &actions) }
        fail(isSecured ? .securedHelloRefused(reply.reply) : .helloRefused(reply.reply), &actions)
    }

    mutating func becomeReady(_ actions: inout [Action]) {
        state = .ready
        actions.append(.ready)
        if quitRequested { quit(&actions) }
    }

    mutating func quit(_ actions: inout [Action]) {
        switch state {
        case .ready:
            write(CommandEncoder.quit, &actions)
            state = .quitting
        case .banner, .extendedHello, .hello, .startTLS, .handshake, .authentication, .transaction: quitRequested = true
        case .quitting, .closed: break
        }
    }

    /// The connection has gone, or must go.
    mutating func lose(_ cause: ConnectionLoss.Cause, _ actions: inout [Action]) {
        switch state {
        case .banner, .extendedHello, .hello, .startTLS, .handshake, .authentication:
            switch cause {
            case .timedOut(let phase): fail(.timedOut(phase), &actions)
            case .tookTooLong(let phase): fail(.tookTooLong(phase), &actions)
            case .invalidReply(let text): fail(.invalidReply(waitPhase, text), &actions)
            case .closed, .closedByReply, .contentUnavailable: fail(.closed(waitPhase), &actions)
            }
        case .ready:
            // S04: idle for long enough.
            switch cause {
            case .timedOut, .tookTooLong: quit(&actions)
            case .closed, .closedByReply, .invalidReply, .contentUnavailable: close(&actions)
            }
        case .transaction: loseTransaction(cause, &actions)
        case .quitting: close(&actions)
        case .closed: break
        }
    }

    /// With `QUIT`: the dialogue is in step, and the server need not wonder.
    mutating func failPolitely(_ failure: SessionFailure, _ actions: inout [Action]) {
        write(CommandEncoder.quit, &actions)
        fail(failure, &actions)
    }

    mutating func fail(_ failure: SessionFailure, _ actions: inout [Action]) {
        actions.append(.failed(failure))
        close(&actions)
    }

    mutating func close(_ actions: inout [Action]) {
        state = .closed
        actions.append(.close)
    }

    /// One write per event where nothing else comes between.
    func write(_ bytes: ByteBuffer, _ actions: inout [Action]) {
        guard bytes.readableBytes > 0 else { return }
        if bytes.readableBytes <= 4096, case .write(var earlier) = actions.last {
            actions.removeLast()
            earlier.writeImmutableBuffer(bytes)
            actions.append(.write(earlier))
        } else {
            actions.append(.write(bytes))
        }
    }
}
