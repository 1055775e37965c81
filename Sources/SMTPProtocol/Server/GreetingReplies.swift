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

    init(
        hostname: DomainName, keywords: [String], extraKeywords: [String], transportSecurity: ServerTransportSecurity,
        authentication: ServerAuthentication?
    ) {
        helo = ReplyEncoder.encoded(Reply(250, nil, hostname.text))
        let startTLS = transportSecurity.offersStartTLS ? ["STARTTLS"] : []
        func auth(isSecured: Bool) -> [String] {
            guard let mechanisms = authentication?.mechanisms(isSecured: isSecured), !mechanisms.isEmpty else { return [] }
            return [(["AUTH"] + mechanisms.map(\.rawValue)).joined(separator: " ")]
        }
        func reply(_ ours: [String]) -> ByteBuffer {
            ReplyEncoder.encoded(Reply(250, nil, lines: [hostname.text] + keywords + ours + extraKeywords))
        }
        clear = reply(startTLS + (transportSecurity.refusalInClear == nil ? auth(isSecured: false) : []))
        clearAuthenticated = reply(startTLS)
        secured = reply(auth(isSecured: true))
        plain = reply([])
    }

    /// - Parameters:
    ///   - isSecured: over TLS.
    ///   - mayAuthenticate: not logged in yet, and nothing wrong with the channel.
    func ehlo(isSecured: Bool, mayAuthenticate: Bool) -> ByteBuffer {
        switch (isSecured, mayAuthenticate) {
        case (false, true): clear
        case (false, false): clearAuthenticated
        case (true, true): secured
        case (true, false): plain
        }
    }
}
