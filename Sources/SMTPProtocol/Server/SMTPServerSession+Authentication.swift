import MailVocabulary
import NIOCore

// MARK: - AUTH

/// The exchange of RFC 4954 §4. What the mechanism says is the host's affair; here are its lines, their limits, and when it may be.
///
/// A response that comes before its challenge is taken in its turn, as if it had waited: what it means does not depend on how the
/// network cuts it.
extension SMTPServerSession {
    mutating func authenticate(_ request: AuthenticationRequest, _ actions: inout [SMTPServerAction]) {
        switch standing {
        case .authenticated: return refuse(ServerReplies.alreadyAuthenticated, &actions)
        case .stranger, .greeted(.helo): return refuse(ServerReplies.extendedGreetingFirst, &actions)
        case .greeted(.ehlo): break
        }
        guard transaction == nil else { return refuse(ServerReplies.authenticationWithinMail, &actions) }
        guard let mechanism = mechanism(request.mechanism) else {
            guard needsTLS(request.mechanism) else { return refuse(ServerReplies.unknownMechanism, &actions) }
            return refuse(settings.coded(ServerReplies.mechanismNeedsTLS, by: .secretPassword), &actions)
        }
        var initialResponse: [UInt8]?
        if let text = request.initialResponse {
            // RFC 4954 §4: one that is empty is written `=`.
            initialResponse = text == Array("=".utf8) ? [] : Base64.decode(text)
            guard initialResponse != nil else { return refuse(ServerReplies.badBase64, &actions) }
        }
        phase = .authentication(.hostsTurn)
        actions.append(.authenticate(mechanism, initialResponse: initialResponse))
    }

    /// The mechanism, if it may be used now.
    private func mechanism(_ name: String) -> SASLMechanism? {
        SASLMechanism(rawValue: name.uppercased()).flatMap { mechanism in
            let offered = settings.authentication?.mechanisms(isSecured: secureChannel != nil, without: mechanismsOff) ?? []
            return offered.contains(mechanism) ? mechanism : nil
        }
    }

    /// Whether it could be used after STARTTLS.
    private func needsTLS(_ name: String) -> Bool {
        guard secureChannel == nil, settings.transportSecurity.offersStartTLS, let mechanism = SASLMechanism(rawValue: name.uppercased())
        else { return false }
        return settings.authentication?.mechanisms(isSecured: true, without: mechanismsOff).contains(mechanism) ?? false
    }

    /// Reads one response and hands it on.
    ///
    /// - Returns: whether to go on.
    mutating func workOnExchange(_ exchange: ServerExchange, _ actions: inout [SMTPServerAction]) -> Bool {
        if exchange == .hostsTurn { return false }
        if isShuttingDown {
            close(with: ServerReplies.shuttingDown, &actions)
            return false
        }
        guard let line = lines.nextResponse(&input) else { return false }
        linesRead &+= 1
        switch line {
        case .command(let length):
            let text = input.withUnsafeReadableBytes { Array($0[..<length]) }
            input.moveReaderIndex(forwardBy: length + 2)
            respondTo(text, exchange, &actions)
        case .badLineEnd: giveUpExchange(ServerReplies.badLineEnd, &actions)
        case .tooLong: giveUpExchange(ServerReplies.authenticationLineTooLong, &actions)
        case .skipped: break
        case .endless: close(with: ServerReplies.endlessLine, &actions)
        }
        return true
    }

    private mutating func respondTo(_ text: [UInt8], _ exchange: ServerExchange, _ actions: inout [SMTPServerAction]) {
        if text == Array("*".utf8) { return giveUpExchange(ServerReplies.authenticationCancelled, &actions) }
        guard let response = Base64.decode(text) else { return giveUpExchange(ServerReplies.badBase64, &actions) }
        guard case .lastWord(let identity) = exchange else {
            phase = .authentication(.hostsTurn)
            actions.append(.authenticationResponse(response))
            return
        }
        guard response.isEmpty else { return giveUpExchange(ServerReplies.responseNotEmpty, &actions) }
        accept(identity, &actions)
    }

    /// The client's fault or wish: the host need not go on.
    private mutating func giveUpExchange(_ reply: Reply, _ actions: inout [SMTPServerAction]) {
        phase = .commands
        actions.append(.authenticationCancelled)
        refuse(reply, &actions)
    }

    mutating func authenticationChallenge(_ challenge: [UInt8], then exchange: ServerExchange, _ actions: inout [SMTPServerAction]) {
        guard phase == .authentication(.hostsTurn) else { return }
        guard 4 + Base64.encodedCount(challenge.count) + 2 <= CommandLineReader.maximumAuthenticationLine else {
            phase = .commands
            actions.append(.authenticationCancelled)
            note(ServerReplies.authenticationUnavailable, &actions)
            return respond(ServerReplies.authenticationUnavailable)
        }
        // RFC 4954 §4: the space is there also where nothing follows it.
        var line = ByteBuffer(string: "334 ")
        line.writeBytes(Base64.encode(challenge))
        line.writeStaticString("\r\n")
        write(encoded: line)
        phase = .authentication(exchange)
    }

    mutating func authenticated(_ identity: SessionIdentity, finalData: [UInt8]?, _ actions: inout [SMTPServerAction]) {
        guard phase == .authentication(.hostsTurn) else { return }
        if let finalData {
            authenticationChallenge(finalData, then: .lastWord(identity), &actions)
        } else {
            accept(identity, &actions)
        }
    }

    private mutating func accept(_ identity: SessionIdentity, _ actions: inout [SMTPServerAction]) {
        phase = .commands
        guard let greeting = standing.greeting else { return idle(ServerReplies.authenticationUnavailable, &actions) }
        standing = .authenticated(greeting, identity)
        respond(ServerReplies.authenticated)
    }

    mutating func authenticationFailed(_ reply: Reply, _ actions: inout [SMTPServerAction]) {
        guard phase == .authentication(.hostsTurn) else { return }
        phase = .commands
        // RFC 5321 §3.8: 421 says that the channel closes.
        if reply.code == 421 { return close(with: reply, isOwn: false, &actions) }
        // Not the client's fault, and yet not for ever: it counts like a command that moves nothing.
        guard reply.isPermanentFailure else {
            return idle(
                reply.isPositive ? ServerReplies.authenticationUnavailable : reply, isOwn: reply.isPositive, &actions)
        }
        failedLogins += 1
        if let authentication = settings.authentication, failedLogins > authentication.failureLimit {
            close(with: ServerReplies.tooManyFailedLogins, &actions)
        } else {
            respond(reply)
        }
    }
}
