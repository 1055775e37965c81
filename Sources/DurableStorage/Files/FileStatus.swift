import MailVocabulary

/// What the file system knows about a path.
public struct FileStatus: Hashable, Sendable {
    /// In octets.
    public let size: Int
    public let isDirectory: Bool
    /// The time of the last change of the content.
    public let modifiedAt: Timestamp

    public init(size: Int, isDirectory: Bool, modifiedAt: Timestamp) {
        (self.size, self.isDirectory, self.modifiedAt) = (size, isDirectory, modifiedAt)
    }
}
