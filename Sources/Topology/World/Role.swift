/// The daemons, one role each.
public enum Role: String, Hashable, Sendable, CaseIterable {
    case core
    case edge
    case submission
    case auth
    case delivery
    case mailbox
}
