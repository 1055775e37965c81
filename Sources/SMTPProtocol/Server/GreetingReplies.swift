import MailVocabulary
import NIOCore

/// The replies to HELO and EHLO, each encoded once for all sessions. What EHLO lists depends on what may be used at that moment.
struct GreetingReplies: Sendable {
    let helo: ByteBuffer
    private let clear: ByteBuffer
    private let clearAuthenticated: ByteBuffer
    private let secured: ByteBuffer
    /// Neither STARTTLS nor AUTH.
    private let plain: ByteBuffer
    private let content: Content

    /// What the replies are made of.
    private struct Content: Sendable {
        let hostname: DomainName
        let keywords: [String]
        let extraKeywords: [String]
        let transportSecurity: ServerTransportSecurity
        let authentication: ServerAuthentication?

        var startTLS: [String] { transportSecurity.offersStartTLS ? ["STARTTLS"] : [] }

        func reply(_ ours: [String]) -> ByteBuffer {
            ReplyEncoder.encoded(Reply(250, nil, lines: [hostname.text] + keywords + ours + extraKeywords))
        }

        func clear(without off: Set<SASLMechanism>) -> ByteBuffer {
            reply(startTLS + (transportSecurity.refusalInClear == nil ? auth(isSecured: false, off) : []))
        }

        func secured(without off: Set<SASLMechanism>) -> ByteBuffer { reply(auth(isSecured: true, off)) }

        private func auth(isSecured: Bool, _ off: Set<SASLMechanism>) -> [String] {
            guard let mechanisms = authentication?.mechanisms(isSecured: isSecured, without: off), !mechanisms.isEmpty else { return [] }
            return [(["AUTH"] + mechanisms.map(\.rawValue)).joined(separator: " ")]
        }
    }

    init(
        hostname: DomainName, keywords: [String], extraKeywords: [String], transportSecurity: ServerTransportSecurity,
        authentication: ServerAuthentication?
    ) {
        content = Content(
            hostname: hostname, keywords: keywords, extraKeywords: extraKeywords, transportSecurity: transportSecurity,
            authentication: authentication)
        helo = ReplyEncoder.encoded(Reply(250, nil, hostname.text))
        clear = content.clear(without: [])
        clearAuthenticated = content.reply(content.startTLS)
        secured = content.secured(without: [])
        plain = content.reply([])
    }

    /// - Parameters:
    ///   - isSecured: over TLS.
    ///   - mayAuthenticate: not logged in yet, and nothing wrong with the channel.
    ///   - off: mechanisms that nobody can log in with at present; they are not listed.
    func ehlo(isSecured: Bool, mayAuthenticate: Bool, without off: Set<SASLMechanism>) -> ByteBuffer {
        switch (isSecured, mayAuthenticate) {
        case (false, true): off.isEmpty ? clear : content.clear(without: off)
        case (false, false): clearAuthenticated
        case (true, true): off.isEmpty ? secured : content.secured(without: off)
        case (true, false): plain
        }
    }
}
