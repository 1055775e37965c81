/// Who a session belongs to, as the authentication service says it.
public struct SessionIdentity: Hashable, Sendable {
    /// The account's name, in the form in which the directory has it.
    public let account: String

    public init(account: String) { self.account = account }
}
