import MailVocabulary

/// What the file system knows about a path.
public struct FileStatus: Hashable, Sendable {
    /// In octets.
    public let size: Int
    public let isDirectory: Bool
    /// The time of the last change of the content.
    public let modifiedAt: Timestamp

    /// The time of the last change of the file itself or of one of its names: content, owner, a new name, a name that is gone.
    public let changedAt: Timestamp

    public init(size: Int, isDirectory: Bool, modifiedAt: Timestamp, changedAt: Timestamp) {
        (self.size, self.isDirectory, self.modifiedAt, self.changedAt) = (size, isDirectory, modifiedAt, changedAt)
    }
}
