import MailVocabulary
import NIOCore

// MARK: - AUTH (RFC 4954)

/// The host has the mechanism and the secret; here are the lines.
extension SMTPClientSession {
    mutating func authenticateIfNeeded(_ actions: inout [Action]) {
        guard case .required(let allowedInClear) = settings.authentication else { return becomeReady(&actions) }
        if !isSecured, !allowedInClear { return failPolitely(.authenticationNeedsTLS, &actions) }
        guard !extensions.authenticationMechanisms.isEmpty else { return failPolitely(.authenticationNotOffered, &actions) }
        state = .authentication(.mechanismDue)
        actions.append(.authenticate(mechanisms: extensions.authenticationMechanisms))
    }

    mutating func authenticationStart(_ mechanism: String, initialResponse: [UInt8]?, _ actions: inout [Action]) {
        guard state == .authentication(.mechanismDue) else { return }
        // RFC 4954 §4: one that is empty is written `=`.
        let text = initialResponse.map { $0.isEmpty ? Array("=".utf8) : Base64.encode($0) }
        if let text, let initialResponse, CommandEncoder.authenticationOctets(mechanism, text) > CommandEncoder.maximumLine {
            write(CommandEncoder.authenticate(mechanism, nil), &actions)
            state = .authentication(.initialResponseDue(initialResponse))
        } else {
            write(CommandEncoder.authenticate(mechanism, text), &actions)
            state = .authentication(.serversTurn)
        }
        parser.isInExchange = true
    }

    mutating func authenticationResponse(_ response: [UInt8], _ actions: inout [Action]) {
        guard state == .authentication(.responseDue) else { return }
        guard Base64.encodedCount(response.count) + 2 <= CommandLineReader.maximumAuthenticationLine else {
            return cancel("our response is too long for one line", &actions)
        }
        var line = ByteBuffer(bytes: Base64.encode(response))
        line.writeStaticString("\r\n")
        write(line, &actions)
        state = .authentication(.serversTurn)
    }

    /// The host cannot go on.
    mutating func authenticationAbandoned(_ why: String, _ actions: inout [Action]) {
        switch state {
        case .authentication(.mechanismDue): failPolitely(.authenticationAbandoned(why), &actions)
        case .authentication(.responseDue): cancel(why, &actions)
        default: break
        }
    }

    mutating func receiveInExchange(_ reply: RemoteReply, _ exchange: ClientExchange, _ actions: inout [Action]) {
        switch (exchange, reply.code) {
        // A server may go away at any time (RFC 5321 §3.8), also while it is our turn.
        case (.mechanismDue, 421), (.responseDue, 421): fail(.authenticationFailed(reply.reply), &actions)
        case (.mechanismDue, _), (.responseDue, _): lose(.invalidReply(reply.quoted), &actions)
        // Whatever it says: nobody is logged in who did not want to be.
        case (.cancelled(let why), 421): fail(.authenticationAbandoned(why), &actions)
        case (.cancelled(let why), _): failPolitely(.authenticationAbandoned(why), &actions)
        case (.initialResponseDue(let response), 334):
            state = .authentication(.responseDue)
            authenticationResponse(response, &actions)
        case (.serversTurn, 334): receiveChallenge(reply, &actions)
        case (.serversTurn, 200...299):
            parser.isInExchange = false
            actions.append(.authenticated)
            becomeReady(&actions)
        case (_, 421): fail(.authenticationFailed(reply.reply), &actions)
        case (_, 400...599): failPolitely(.authenticationFailed(reply.reply), &actions)
        default: lose(.invalidReply(reply.quoted), &actions)
        }
    }

    private mutating func receiveChallenge(_ reply: RemoteReply, _ actions: inout [Action]) {
        guard reply.earlierLines.isEmpty, let challenge = Base64.decode(reply.lastLine.readableBytesView) else {
            return cancel("the remote host's challenge is no base64", &actions)
        }
        state = .authentication(.responseDue)
        actions.append(.authenticationChallenge(challenge))
    }

    private mutating func cancel(_ why: String, _ actions: inout [Action]) {
        write(CommandEncoder.cancelAuthentication, &actions)
        state = .authentication(.cancelled(why))
    }
}
