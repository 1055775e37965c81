/// What becomes of mail that was accepted, and that the configuration of today refuses when it is to be delivered (`on_reroute_refusal`).
public enum RerouteRefusal: String, CaseIterable, Hashable, Sendable {
    /// It is held, for an administrator to release or delete; a reload that permits it releases it. At its expiration (E09) its sender is told.
    case hold
    /// Its sender is told at once.
    case report
}
