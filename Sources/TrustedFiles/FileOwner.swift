/// Whose a file becomes.
public struct FileOwner: Hashable, Sendable {
    /// nil: stays as it is.
    public let user: UInt32?
    /// nil: stays as it is.
    public let group: UInt32?

    public init(user: UInt32?, group: UInt32?) { (self.user, self.group) = (user, group) }

    /// As chown(2) wants "unchanged".
    var userID: UInt32 { user ?? .max }
    var groupID: UInt32 { group ?? .max }
}
