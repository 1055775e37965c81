/// What a power loss left, and what was promised before it.
public struct CrashedStorage {
    /// A folder with the files as they are now; the recorded folder's contents are in it under the same relative paths.
    public let folder: String
    /// What the scenario marked until the power went, in order.
    public let marks: [String]
    public let image: CrashImage
}

/// A promise that was not kept.
public struct CrashViolation: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// One state after a power loss that recovery did not get right. Point and policy replay it.
public struct CrashFailure: Sendable, CustomStringConvertible {
    /// The number of steps done before.
    public let point: Int
    /// The last of them.
    public let step: String
    public let policy: CrashPolicy
    public let problem: String

    public var description: String { "point \(point) (after: \(step)), \(policy): \(problem)" }
}

/// What an exploration found.
public struct CrashReport: Sendable, CustomStringConvertible {
    public let steps: Int
    /// Different states that were recovered from.
    public internal(set) var images = 0
    public internal(set) var failures: [CrashFailure] = []

    init(steps: Int) { self.steps = steps }

    public var description: String {
        "\(steps) steps, \(images) states, \(failures.count) failures" + failures.map { "\n  \($0)" }.joined()
    }
}
