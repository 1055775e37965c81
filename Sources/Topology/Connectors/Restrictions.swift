/// Who may send over a connector (S24). Rejecting wins over accepting.
public struct Restrictions: Hashable, Sendable {
    public enum Default: String, Hashable, Sendable, CaseIterable {
        case accept, reject
    }

    /// For whom neither list matches.
    public let byDefault: Default
    /// Matches the authenticated account only; counts where the default is to reject.
    public let acceptFrom: [Principal]
    /// Matches the authenticated account, or, where there is none, the reverse-path.
    public let rejectFrom: [Principal]
    public let location: SourceLocation

    public init(
        byDefault: Default = .accept, acceptFrom: [Principal] = [], rejectFrom: [Principal] = [], location: SourceLocation = .builtIn
    ) {
        (self.byDefault, self.acceptFrom, self.rejectFrom, self.location) = (byDefault, acceptFrom, rejectFrom, location)
    }

    public static let none = Restrictions()
}
