/// A role that submits messages: what edge and submission have in common on their sockets.
public protocol SubmitRole: LinkRole where Response == SubmitResponse {
    static func request(_ request: SubmitRequest) -> Request
    /// What makes the next transaction this token's account's; nil where the role has no way to name an account.
    static func authorization(_ token: SessionToken) -> Request?
    /// What ends the validity of a token; nil for a role without accounts.
    static func forgetting(_ token: SessionToken) -> Request?
    /// What has the core say which mechanisms nobody can log in with; nil for a role without accounts.
    static var watchingMechanisms: Request? { get }
}

extension EdgeLink: SubmitRole {
    public static func request(_ request: SubmitRequest) -> Request { request }
    public static func authorization(_ token: SessionToken) -> Request? { nil }
    public static func forgetting(_ token: SessionToken) -> Request? { nil }
    public static var watchingMechanisms: Request? { nil }
}
