/// What only a submission server has: who may log in, and who may relay.
public struct SubmissionSettings: Hashable, Sendable {
    /// Whether `Received:` of submitted mail tells the client's address.
    public enum ClientAddress: String, Hashable, Sendable, CaseIterable {
        case hidden, shown
    }

    public let authentication: AuthenticationMethods
    public let relay: RelayPermissions
    public let clientAddress: ClientAddress

    public init(
        authentication: AuthenticationMethods = AuthenticationMethods(), relay: RelayPermissions = RelayPermissions(),
        clientAddress: ClientAddress = .hidden
    ) {
        (self.authentication, self.relay, self.clientAddress) = (authentication, relay, clientAddress)
    }
}
