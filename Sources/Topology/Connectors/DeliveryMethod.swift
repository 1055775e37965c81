/// How a connector gets rid of mail (`deliver`, `hold_for`).
public enum DeliveryMethod: Hashable, Sendable {
    /// A Maildir per user: an absolute path with `{user}` and perhaps `{domain}`.
    case maildir(pathTemplate: String)
    case lmtp(LMTPTarget)
    /// One or more, in their order; with `directFirst`, DNS is tried before (E13).
    case smartHosts([SmartHost], directFirst: Bool)
    /// MX, then A and AAAA (S25).
    case dns
    /// Kept until it is asked for (S29).
    case held(HoldFor)

    /// Whether `postern-mailbox` delivers it; `postern-delivery` does the others, and nobody what is held.
    public var isMailbox: Bool {
        switch self {
        case .maildir, .lmtp: true
        case .smartHosts, .dns, .held: false
        }
    }
}
