/// How many event loops a front end has.
enum EventLoopCount {
    /// More would wait for each other, and for the core, rather than work.
    static let most = 8

    /// One for each processor but one, which is left to the core: all mail passes through its one loop, and a front end that is under attack on
    /// every processor would keep honest mail waiting there.
    ///
    /// - Parameter processors: that the process may use.
    static func forUse(of processors: Int) -> Int { max(1, min(processors - 1, most)) }
}
