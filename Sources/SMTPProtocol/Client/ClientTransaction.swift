import MailVocabulary
import NIOCore

/// One mail transaction as the client drives it: what was sent, what was answered, what became of each recipient.
///
/// Knows no connection: the session hands it replies and sends what it writes.
struct ClientTransaction: Sendable {
    /// Unanswered `RCPT` commands at most: bounds what a message with very many recipients has under way.
    static let recipientWindow = 1000

    enum CommandState: Hashable, Sendable {
        case unsent
        case sent
        case accepted
        case refused
    }

    enum Transfer: Hashable, Sendable {
        case data
        /// BDAT.
        case chunk
    }

    enum ContentState: Hashable, Sendable {
        case notYet
        case sending
        case sent
        /// `DATA` was accepted although no recipient was: an empty message ends the transaction (RFC 2920 §3.1).
        case loneDot
    }

    /// The reply that comes next.
    enum Expectation: Hashable, Sendable {
        case reset
        case mail
        case recipient
        case data
        case contentEnd
        case loneDot
    }

    let message: OutgoingMessage
    let dialect: ClientSettings.Dialect
    let extensions: RemoteExtensions
    let transfer: Transfer
    let usesSMTPUTF8: Bool

    var outcomes: [DeliveryOutcome?]
    /// Recipients whose outcome is our own verdict.
    var ownWords: Set<Int>
    /// Indices of the recipients that can be offered to this server.
    let eligible: [Int]
    /// Indices of the recipients that it accepted, in order.
    var accepted: [Int] = []

    var reset: CommandState
    var mail = CommandState.unsent
    var recipientsSent = 0
    var recipientsAnswered = 0
    /// How many of `eligible` are to be sent; fewer once the server says it is enough.
    var recipientsToSend: Int
    var tooManyRecipients: Reply?
    var data = CommandState.unsent
    var content = ContentState.notYet
    var contentOctets = 0
    var stuffer = DotStuffer()
    /// LMTP: replies after the content.
    var finalReplies = 0
    /// What the server announced and refused a command for.
    var refusedExtensions: Set<RemoteExtension> = []

    /// - Parameter needsReset: an envelope of an earlier transaction stands.
    init(_ message: OutgoingMessage, dialect: ClientSettings.Dialect, extensions: RemoteExtensions, needsReset: Bool) {
        (self.message, self.dialect, self.extensions) = (message, dialect, extensions)
        let refusal = Self.refusal(of: message, extensions: extensions)
        outcomes = message.recipients.map { recipient in
            if let refusal { return .lacking(refusal) }
            if recipient.address.needsSMTPUTF8, !extensions.smtpUTF8 { return .lacking(Self.smtpUTF8NotOffered) }
            return nil
        }
        eligible = outcomes.indices.filter { [outcomes] in outcomes[$0] == nil }
        ownWords = Set(outcomes.indices.filter { [outcomes] in outcomes[$0] != nil })
        recipientsToSend = eligible.count
        transfer = extensions.chunking ? .chunk : .data
        usesSMTPUTF8 =
            extensions.smtpUTF8
            && (message.sender.needsSMTPUTF8 || message.recipients.contains { $0.address.needsSMTPUTF8 })
        reset = needsReset ? .unsent : .accepted
    }

    /// Why this server cannot get this message at all; nothing is sent then. Another server may.
    private static func refusal(of message: OutgoingMessage, extensions: RemoteExtensions) -> Reply? {
        if let limit = extensions.maximumSize, message.size > limit {
            return Reply(552, "5.3.4", "the message has \(message.size) octets, the remote host takes at most \(limit)")
        }
        if message.sender.body == .binaryMIME, !(extensions.binaryMIME && extensions.chunking) {
            return Reply(554, "5.6.3", "the message is binary, and the remote host does not offer BINARYMIME")
        }
        if message.has8BitContent, !extensions.eightBitMIME, message.sender.body != .binaryMIME {
            return Reply(554, "5.6.3", "the message has 8-bit content, and the remote host does not offer 8BITMIME")
        }
        if message.sender.needsSMTPUTF8, !extensions.smtpUTF8 { return smtpUTF8NotOffered }
        return nil
    }

    private static let smtpUTF8NotOffered = Reply(553, "5.6.7", "the message needs SMTPUTF8, and the remote host does not offer it")

    var expectation: Expectation? {
        if reset == .sent { return .reset }
        if mail == .sent { return .mail }
        if recipientsAnswered < recipientsSent { return .recipient }
        if data == .sent { return .data }
        return switch content {
        case .notYet, .sending: nil
        case .sent: .contentEnd
        case .loneDot: .loneDot
        }
    }

    var waitPhase: WaitPhase {
        switch expectation {
        case .reset, .mail: .mail
        case .recipient: .recipient
        case .data: .dataInitiation
        case .contentEnd, .loneDot: .contentEnd
        case nil: content == .sending ? .contentBlock : .mail
        }
    }

    /// Whether the remote server still has an envelope of this transaction when it ends now.
    var leavesEnvelope: Bool { mail == .accepted && content == .notYet }

    /// How far the remote server can have got.
    var progress: ConnectionLoss.Progress {
        switch content {
        case .notYet, .loneDot: .envelope
        case .sending: .content
        case .sent: .contentSent
        }
    }

    /// Gives an outcome to every recipient that has none.
    mutating func settle(_ outcome: DeliveryOutcome) {
        for index in outcomes.indices where outcomes[index] == nil { outcomes[index] = outcome }
    }

    /// Gives an outcome to every accepted recipient that has none, and those of `tooManyRecipients` theirs; the result.
    mutating func result(_ connection: ConnectionResult, _ ownReply: @autoclosure () -> Reply) -> DeliveryResult {
        if let tooManyRecipients { settle(.retryAtOnce(tooManyRecipients, .sameConnection)) }
        ownWords.formUnion(outcomes.indices.filter { outcomes[$0] == nil })
        return DeliveryResult(
            outcomes: outcomes.map { $0 ?? .transientFailure(ownReply()) }, connection: connection, ownWords: ownWords,
            refusedExtensions: refusedExtensions)
    }
}

extension EnvelopeSender {
    /// Whether SMTPUTF8 is needed whoever the recipients are (RFC 6531 §3.4).
    var needsSMTPUTF8: Bool { smtpUTF8 || (reversePath.address?.needsSMTPUTF8 ?? false) }
}
