import NIOCore

/// A deadline that moves with every sign of life, and costs a scheduled task only when it must come earlier than planned.
///
/// Confined to its event loop.
struct InactivityTimer {
    private(set) var deadline = NIODeadline.distantFuture
    private var planned = NIODeadline.distantFuture
    private var task: Scheduled<Void>?
    private let eventLoop: any EventLoop

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// Moves the deadline.
    ///
    /// - Parameter wake: called on the event loop at or before the deadline; asks `fire`, and calls `plan` again if it is not over.
    mutating func move(to deadline: NIODeadline, wake: @escaping () -> Void) {
        self.deadline = deadline
        if deadline < planned { plan(wake: wake) }
    }

    /// The planned moment has come.
    ///
    /// - Returns: whether the deadline has come with it, not having moved meanwhile.
    mutating func fire(at moment: NIODeadline) -> Bool {
        (task, planned) = (nil, .distantFuture)
        return moment >= deadline
    }

    /// Plans the next wake-up for the deadline as it is now.
    mutating func plan(wake: @escaping () -> Void) {
        task?.cancel()
        planned = deadline
        task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline, wake)
    }

    mutating func cancel() {
        task?.cancel()
        (task, planned, deadline) = (nil, .distantFuture, .distantFuture)
    }
}
