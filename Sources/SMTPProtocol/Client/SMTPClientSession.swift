import MailVocabulary
import NIOCore

/// The client's side of one SMTP or LMTP connection, without I/O and without a clock.
///
/// Events go in, actions come out: banner, `EHLO`, and then one transaction after another. Every transaction ends with exactly one
/// `finished`. After `close` no event matters any more.
public struct SMTPClientSession: Sendable {
    public enum Event: Sendable {
        /// Octets from the remote server, however split.
        case received(ByteBuffer)
        /// Only while `isReady`.
        case begin(OutgoingMessage)
        /// The next octets of the content, after `sendContent` asked for it. Ignored when the transaction is over already.
        case content(ByteBuffer)
        /// All content has been given.
        case contentEnded
        /// The content cannot be read to its end. The text goes into logs and outcomes.
        case contentFailed(String)
        /// No further transaction: `QUIT` now, or after the one that runs.
        case quit
        /// The time for `waitPhase` is over.
        case timedOut
        /// The connection is gone.
        case closed
    }

    public enum Action: Hashable, Sendable {
        case write(ByteBuffer)
        /// Banner and `EHLO` are done.
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
        case ready
        case transaction
        case quitting
        case closed
    }

    let settings: ClientSettings
    var parser = ReplyParser()
    var state = State.banner
    /// What `EHLO` announced; empty after `HELO`.
    public internal(set) var extensions = RemoteExtensions()
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
        case .extendedHello, .hello: .hello
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
        case .begin(let message): begin(message, &actions)
        case .content(let chunk): sendContent(chunk, &actions)
        case .contentEnded: endContent(&actions)
        case .contentFailed(let text): lose(.contentUnavailable(text), &actions)
        case .quit: quit(&actions)
        case .timedOut: lose(.timedOut(waitPhase), &actions)
        case .closed: lose(.closed, &actions)
        }
        return actions
    }
}
