import Topology

/// Looks inside the files that a configuration names, where somebody can: the formats are those of targets above this one.
public struct FileInspection: Sendable {
    /// What is wrong with a file that can be read.
    public struct Fault: Hashable, Sendable {
        /// Nothing that needs the file can work; otherwise it works, but hardly as meant.
        public let isError: Bool
        /// One sentence that names the file.
        public let message: String
        /// What would do instead.
        public let accepted: String?

        public init(isError: Bool, _ message: String, accepted: String? = nil) {
            (self.isError, self.message, self.accepted) = (isError, message, accepted)
        }
    }

    let faults: @Sendable (NeededFile, Role, Topology) -> [Fault]

    /// - Parameter faults: asked of each file that this process can read, once for each role that reads it. It may block on the disk.
    public init(_ faults: @escaping @Sendable (NeededFile, Role, Topology) -> [Fault]) { self.faults = faults }

    /// Looks at nothing.
    public static let none = FileInspection { _, _, _ in [] }
}
