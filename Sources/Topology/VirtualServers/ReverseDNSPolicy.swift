/// Whether a client's address is looked up, and what a bad answer means (S15).
public struct ReverseDNSPolicy: Hashable, Sendable {
    /// What is done where the client has no confirmed name. A DNS that does not answer never rejects.
    public enum FailureAction: String, Hashable, Sendable, CaseIterable {
        case annotate, `defer`, reject
    }

    /// It costs time, and is off unless asked for.
    public let lookup: Bool
    public let onFailure: FailureAction
    /// Of `on_failure`.
    public let location: SourceLocation

    public init(lookup: Bool = false, onFailure: FailureAction = .annotate, location: SourceLocation = .builtIn) {
        (self.lookup, self.onFailure, self.location) = (lookup, onFailure, location)
    }
}
