/// How many event loops a front end has.
enum EventLoopCount {
    /// More would wait for each other, and for the core, rather than work.
    static let most = 8

    /// One for each processor.
    ///
    /// - Parameter processors: that the process may use.
    static func forUse(of processors: Int) -> Int { max(1, min(processors, most)) }
}
