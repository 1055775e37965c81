/// The Unix account of each daemon (`run_as`), checked at the other end of each socket.
public struct RunAs: Hashable, Sendable {
    /// A Unix account by name; whether it exists is for the process to find out that needs it.
    public struct Account: Hashable, Sendable {
        public let name: String
        public let location: SourceLocation

        public init(name: String, location: SourceLocation = .builtIn) { (self.name, self.location) = (name, location) }
    }

    /// Roles that are missing run as whoever starts them.
    public let accounts: [Role: Account]

    public init(accounts: [Role: Account] = [:]) { self.accounts = accounts }

    /// The name of the account of a role; nil: whoever starts it.
    public func account(of role: Role) -> String? { accounts[role]?.name }
}
