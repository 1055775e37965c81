/// A step that is about to be done, and that a test may let fail.
public struct StorageAttempt: Hashable, Sendable, CustomStringConvertible {
    public enum Operation: String, Hashable, Sendable {
        case open, create, write, truncate, sync, rename, link, unlink, makeDirectory, syncDirectory
    }

    /// Counts from 0.
    public let number: Int
    public let operation: Operation
    /// Relative to the recorded folder.
    public let path: String

    public var description: String { "attempt \(number): \(operation.rawValue) \(path)" }
}
