import MailVocabulary

/// A reply that refuses, and the code of the rule that it comes from.
public struct Refusal: Hashable, Sendable {
    /// Its text ends with the code in brackets.
    public let reply: Reply
    public let code: RefusalCode

    /// The kinds of refusals, with the text for strangers.
    enum Word: Hashable, Sendable {
        /// Rule 0.
        case loginRequired
        /// Rule 1.
        case recipientUnknown
        /// Rule 1: the directory never had anybody.
        case nobodyYet
        /// Rule 1: an alias or group that leads to nobody (RFC 3463 §3.3).
        case expansionProblem
        /// S33.
        case notPermitted
        /// Rule 2.
        case relayingDenied
        /// Rule 4: every connector forbids.
        case forbidden
        /// Rule 4: size alone forbids.
        case tooLarge
        /// Rule 6.
        case noRoute
        /// `permissions.send_as`.
        case notYourAddress
    }

    init(_ word: Word, _ code: RefusalCode) {
        switch word {
        case .loginRequired: self.init(530, "5.7.0", "Authentication required", code)
        case .recipientUnknown: self.init(550, "5.1.1", "Recipient unknown", code)
        case .nobodyYet: self.init(451, "4.3.0", "No mailbox has been set up here yet, try again later", code)
        case .expansionProblem: self.init(550, "5.2.4", "Mailing list expansion problem", code)
        case .notPermitted: self.init(550, "5.7.1", "Not permitted to write to this recipient", code)
        case .relayingDenied: self.init(550, "5.7.1", "Relaying denied", code)
        case .forbidden: self.init(550, "5.7.1", "Not permitted to send to this domain", code)
        case .tooLarge: self.init(552, "5.3.4", "Message too large for this domain", code)
        case .noRoute: self.init(550, "5.4.4", "No route to the recipient's domain", code)
        case .notYourAddress: self.init(550, "5.7.1", "Sender not permitted", code)
        }
    }

    /// Longer words are cut: a reply line has at most 512 octets (RFC 5321 §4.5.3.1.5).
    static let maximumOctets = 400

    /// - Parameter text: without the code. Octets that are not ASCII become `?`: not every client has asked for UTF-8 (RFC 6531 §3.5).
    init(_ code: UInt16, _ status: StaticString, _ text: String, _ refusal: RefusalCode) {
        let printable = text.utf8.prefix(Self.maximumOctets).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
        reply = Reply(code, status, "\(String(decoding: printable, as: UTF8.self)) [\(refusal)]")
        self.code = refusal
    }
}

extension Refusal: CustomStringConvertible {
    public var description: String { reply.description }
}
