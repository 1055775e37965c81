import MailVocabulary
import NIOCore

// MARK: - STARTTLS (RFC 3207)

extension SMTPClientSession {
    /// `extensions` stand: TLS if it is wanted and not there yet, then AUTH.
    mutating func helloAccepted(_ actions: inout [Action]) {
        guard settings.transportSecurity != .none, !isSecured else { return authenticateIfNeeded(&actions) }
        if extensions.startTLS {
            write(CommandEncoder.startTLS, &actions)
            state = .startTLS
        } else if settings.transportSecurity.isMandatory {
            failPolitely(.transportSecurityNotOffered, &actions)
        } else {
            authenticateIfNeeded(&actions)
        }
    }

    mutating func receiveStartTLS(_ reply: RemoteReply, _ actions: inout [Action]) {
        switch reply.code {
        case 220:
            // Whatever else came in clear is not the server's word, and would be taken for its word under protection.
            guard parser.isEmpty else { return fail(.plaintextInjected, &actions) }
            state = .handshake
            actions.append(.startTLS)
        case 421: fail(.startTLSRefused(reply.reply), &actions)
        case 400...599:
            if settings.transportSecurity.isMandatory {
                failPolitely(.startTLSRefused(reply.reply), &actions)
            } else {
                authenticateIfNeeded(&actions)
            }
        default: lose(.invalidReply(reply.quoted), &actions)
        }
    }

    /// TLS stands: the dialogue begins anew, and nothing that was announced in clear counts (RFC 3207 §4.2).
    mutating func secured(_ actions: inout [Action]) {
        switch state {
        case .handshake:
            isSecured = true
            parser = ReplyParser()
            introduce(&actions)
        // From the beginning of the connection (RFC 8314 §3).
        case .banner: isSecured = true
        default: break
        }
    }

    mutating func handshakeFailed(_ why: String, _ actions: inout [Action]) {
        // A server of TLS 1.3 tells what it thinks of the client's side after the handshake, in place of its reply (RFC 8446 §4.4.2.4).
        guard state == .handshake || state == .banner || waitPhase == .securedHello else { return }
        fail(.handshakeFailed(ReplyText.printable(Array(why.utf8))), &actions)
    }
}
