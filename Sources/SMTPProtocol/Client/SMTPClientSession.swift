import MailVocabulary
import NIOCore

/// The client's side of one SMTP or LMTP connection, without I/O and without a clock.
///
/// Events go in, actions come out: banner, `EHLO`, where the settings want them STARTTLS, `EHLO` again and AUTH, and then one transaction after another. Every transaction ends with exactly one
/// `finished`. After `close` no event matters any more.
public struct SMTPClientSession: Sendable {
    public enum Event: Sendable {
        /// Octets from the remote server, however split.
        case received(ByteBuffer)
        /// TLS stands: after `startTLS`, or from the beginning of the connection.
        case secured
        /// TLS does not come about, or not with who was meant; the text says why in a person's words.
        case handshakeFailed(String)
        /// The answer to `authenticate`.
        /// - Parameters:
        ///   - mechanism: one of those offered.
        ///   - initialResponse: not encoded; nil where the mechanism lets the server begin.
        case authenticationStart(mechanism: String, initialResponse: [UInt8]?)
        /// The answer to `authenticationChallenge`, not encoded.
        case authenticationResponse([UInt8])
        /// The other answer to either: there is no mechanism in common, or the server does not prove what it should. The text says why.
        case authenticationAbandoned(String)
        /// Only while `isReady`.
        case begin(OutgoingMessage)
        /// The next octets of the content, after `sendContent` asked for it. Ignored when the transaction is over already.
        case content(ByteBuffer)
        /// All content has been given. With `BDAT` the server may have answered before: it counts the octets.
        case contentEnded
        /// The content cannot be read to its end. The text goes into logs and outcomes.
        case contentFailed(String)
        /// No further transaction: `QUIT` now, or after the one that runs.
        case quit
        /// The time for `waitPhase` is over.
        case timedOut
        /// The time for all of the set-up, or of the transaction, is over, though each reply came in time.
        case tookTooLong
        /// The connection is gone.
        case closed
    }

    public enum Action: Hashable, Sendable {
        case write(ByteBuffer)
        /// The server is ready for the handshake (RFC 3207 §4). It is answered by `secured` or `handshakeFailed`, and what is read
        /// meanwhile belongs to it.
        case startTLS
        /// Log in with one of these mechanisms, which the server lists over whatever protects the connection.
        case authenticate(mechanisms: [String])
        /// The mechanism's next challenge, decoded.
        case authenticationChallenge([UInt8])
        /// The server says that the login is good; `ready` follows. A host whose mechanism has the server prove itself, and has not seen
        /// the proof, closes now.
        case authenticated
        /// Banner and `EHLO` are done, and what the settings want besides.
        case ready
        /// The connection never becomes ready; `close` follows.
        case failed(SessionFailure)
        /// Give the content of this transaction as `content` events, and then `contentEnded`.
        case sendContent
        case finished(DeliveryResult)
        case close
    }

    enum State: Hashable, Sendable {
        case banner
        case extendedHello
        case hello
        /// `STARTTLS` waits for its reply.
        case startTLS
        case handshake
        case authentication(ClientExchange)
        case ready
        case transaction
        case quitting
        case closed
    }

    let settings: ClientSettings
    var parser = ReplyParser()
    var state = State.banner
    /// Whether TLS protects the connection.
    public internal(set) var isSecured = false
    /// What the last `EHLO` announced, without what the server has refused to do since; empty after `HELO`.
    public internal(set) var extensions = RemoteExtensions()
    /// Whether `EHLO` was refused and `HELO` taken in its place: then nothing is known of what the server can do.
    public internal(set) var isHelloRefused = false
    var transaction: ClientTransaction?
    /// Transactions begun on this connection that reached the remote server.
    public internal(set) var transactionCount = 0
    /// Complete replies so far: what counts as the remote server's progress.
    public internal(set) var replyCount = 0
    /// The last transaction left the remote server with an envelope: `RSET` comes before the next `MAIL`.
    var needsReset = false
    var quitRequested = false

    public init(settings: ClientSettings) { self.settings = settings }

    /// Whether `begin` may come now.
    public var isReady: Bool { state == .ready && !quitRequested }

    /// Whether anything can still happen.
    public var isOpen: Bool { state != .closed }

    /// What the session waits for now, for the clock that the shell keeps.
    public var waitPhase: WaitPhase {
        switch state {
        case .banner: .banner
        case .extendedHello, .hello: isSecured ? .securedHello : .hello
        case .startTLS: .startTLS
        case .handshake: .handshake
        case .authentication: .authentication
        case .ready, .closed: .idle
        case .transaction: transaction?.waitPhase ?? .idle
        case .quitting: .quit
        }
    }

    /// Takes one event in and says what is to be done, in order.
    public mutating func receive(_ event: Event) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .received(let bytes): readReplies(bytes, &actions)
        case .secured: secured(&actions)
        case .handshakeFailed(let why): handshakeFailed(why, &actions)
        case .authenticationStart(let mechanism, let response): authenticationStart(mechanism, initialResponse: response, &actions)
        case .authenticationResponse(let response): authenticationResponse(response, &actions)
        case .authenticationAbandoned(let why): authenticationAbandoned(why, &actions)
        case .begin(let message): begin(message, &actions)
        case .content(let chunk): sendContent(chunk, &actions)
        case .contentEnded: endContent(&actions)
        case .contentFailed(let text): contentFailed(text, &actions)
        case .quit: quit(&actions)
        case .timedOut: lose(.timedOut(waitPhase), &actions)
        case .tookTooLong: lose(.tookTooLong(waitPhase), &actions)
        case .closed: lose(.closed, &actions)
        }
        return actions
    }
}
