import NIOCore
import UnixSockets

#if canImport(Glibc)
    import Glibc
#endif

/// Asks the core for the text of the configuration that it runs with: what a daemon starts with and reloads, so that there is one source of
/// truth while the core runs.
///
/// Blocks the calling thread, at most for ``deadline``: a daemon asks before it has an event loop.
public enum ConfigurationRequest {
    /// For connecting and the whole answer together.
    public static let deadline = Duration.seconds(5)
    /// As long as a configuration file may be: 1 MiB.
    public static let maximumOctets = 1 << 20

    /// - Parameters:
    ///   - address: of the role's socket.
    ///   - role: whose socket that is.
    /// - Throws: ``LinkError``, where nobody listens there, or does not answer as the core does.
    public static func text(at address: LinkAddress, as role: RoleName, within deadline: Duration = deadline) throws(LinkError) -> [UInt8] {
        let conversation = try said { () throws(UnixConversation.Failure) in
            try UnixConversation(path: address.path, deadline: .now + deadline)
        }
        defer { conversation.close() }
        try expectListener(of: address, at: conversation)
        var question = ByteBuffer()
        ConfigurationQuestion(role: role).write(into: &question)
        try said { () throws(UnixConversation.Failure) in try conversation.send(Array(question.readableBytesView)) }
        let head: ConfigurationHead = try message(of: conversation)
        guard head.version == Hello.protocolVersion else { throw .versionMismatch(own: Hello.protocolVersion, peer: head.version) }
        if let refusal = head.refusal { throw .refused(refusal) }
        guard head.octets <= maximumOctets else { throw .malformed(.frameLength(Int(head.octets))) }
        var text: [UInt8] = []
        while text.count < Int(head.octets) {
            let piece: ConfigurationPiece = try message(of: conversation)
            guard piece.octets.readableBytes > 0, text.count + piece.octets.readableBytes <= Int(head.octets) else {
                throw .malformed(.invalid("piece of a configuration"))
            }
            text += piece.octets.readableBytesView
        }
        return text
    }

    private static func expectListener(of address: LinkAddress, at conversation: UnixConversation) throws(LinkError) {
        guard let listeners = address.listeners else { return }
        guard let listener = PeerCredentials.of(conversation.descriptor)?.userID else {
            throw .refused("the account of the peer is not known")
        }
        guard listeners.contains(listener) else { throw .impostor(userID: listener) }
    }

    /// The next frame: its length, and what that counts.
    private static func message<Message: LinkMessage>(of conversation: UnixConversation) throws(LinkError) -> Message {
        var frame = ByteBuffer(bytes: try said { () throws(UnixConversation.Failure) in try conversation.receive(4) })
        let length = Int(frame.getInteger(at: 0, as: UInt32.self) ?? 0)
        do throws(WireError) {
            // Whether so many octets may come is said before they are waited for.
            _ = try Frame.next(from: &frame)
        } catch {
            throw .malformed(error)
        }
        frame.writeBytes(try said { () throws(UnixConversation.Failure) in try conversation.receive(length) })
        do throws(WireError) {
            guard let (kind, body) = try Frame.next(from: &frame) else { throw .truncated }
            return try Message.read(kind: kind, body: body)
        } catch {
            throw .malformed(error)
        }
    }

    /// What the conversation says of its failure, as a connection to the core says it.
    private static func said<Value>(_ body: () throws(UnixConversation.Failure) -> Value) throws(LinkError) -> Value {
        do throws(UnixConversation.Failure) { return try body() } catch {
            switch error {
            case .timedOut: throw .timedOut
            case .closed: throw .closed
            case .pathIsTooLong: throw .unreachable(String(cString: strerror(ENAMETOOLONG)))
            case .system(let code): throw .unreachable(String(cString: strerror(code)))
            }
        }
    }
}
