/// Who may relay over a submission server (`relay`); by default nobody.
public struct RelayPermissions: Hashable, Sendable {
    /// Which accounts may relay.
    public enum Accounts: Hashable, Sendable {
        case none
        /// Whoever is logged in (S18).
        case all
        /// Whom `grant` matches and `deny` does not (S19).
        case listed(grant: [Principal], deny: [Principal])
    }

    public let accounts: Accounts
    /// Which computers may relay (S17).
    public let computers: HostList
    /// That an open list of computers is meant (S20, law 5).
    public let acknowledgeOpenRelay: Bool
    /// Of `accounts`.
    public let accountsLocation: SourceLocation
    /// Of `computers`.
    public let computersLocation: SourceLocation

    public init(
        accounts: Accounts = .none, computers: HostList = .nobody, acknowledgeOpenRelay: Bool = false,
        accountsLocation: SourceLocation = .builtIn, computersLocation: SourceLocation = .builtIn
    ) {
        (self.accounts, self.computers, self.acknowledgeOpenRelay) = (accounts, computers, acknowledgeOpenRelay)
        (self.accountsLocation, self.computersLocation) = (accountsLocation, computersLocation)
    }
}
