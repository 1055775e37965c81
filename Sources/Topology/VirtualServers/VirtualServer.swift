/// A set of listeners with one policy: Exchange's SMTP virtual server.
public struct VirtualServer: Hashable, Sendable {
    public enum Role: Hashable, Sendable {
        /// Anonymous inbound mail; it relays for nobody.
        case edge
        /// Mail of users and of the computers that `relay` names (S21).
        case submission(SubmissionSettings)
    }

    public let name: String
    /// Its key in `virtual_servers`.
    public let location: SourceLocation
    public let role: Role
    /// One or more.
    public let listeners: [Listener]
    public let tls: ServerTLS
    public let connections: ConnectionSettings
    public let reverseDNS: ReverseDNSPolicy
    public let limits: SessionLimits

    public init(
        name: String, location: SourceLocation = .builtIn, role: Role = .edge, listeners: [Listener], tls: ServerTLS = .none,
        connections: ConnectionSettings = ConnectionSettings(), reverseDNS: ReverseDNSPolicy = ReverseDNSPolicy(),
        limits: SessionLimits = SessionLimits()
    ) {
        (self.name, self.location, self.role, self.listeners, self.tls) = (name, location, role, listeners, tls)
        (self.connections, self.reverseDNS, self.limits) = (connections, reverseDNS, limits)
    }

    public var isEdge: Bool { role == .edge }

    /// What a submission server has besides; nil for an edge.
    public var submission: SubmissionSettings? {
        if case .submission(let settings) = role { settings } else { nil }
    }
}
