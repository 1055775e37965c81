import MailVocabulary

/// The wall clock, held against a clock that is never set: finds out when the wall clock was set forward or back.
///
/// What waits for a time of the wall clock is computed anew then, so that a step neither holds it up nor hurries it. A value; both clocks
/// come in.
struct StepClock {
    /// Differences up to this are drift, or a clock that is being slewed: they are followed without a word.
    static let tolerance = Duration.seconds(2)
    /// Times of more than this before or behind now were not written by this clock, and are left as they are: a machine without a battery
    /// begins in another year, and mail that waited through its restart has the right time.
    static let reach = Duration.seconds(31 * 24 * 60 * 60)
    /// Steps that are remembered; each holds for messages from before it.
    static let mostSteps = 64

    struct Step: Hashable {
        /// What the wall clock would have shown at the step.
        let before: Timestamp
        /// How far it was set: positive for forward.
        let by: Duration
        /// Of the messages that had begun by then: ids only grow, whatever the clock says.
        let newest: QueueID

        /// Where a time lies now that was written before the step.
        func moved(_ time: Timestamp) -> Timestamp {
            time > before + (.zero - StepClock.reach) && time <= before + StepClock.reach ? time + by : time
        }
    }

    /// Wall clock less uptime.
    private var offset: Duration?
    private(set) var steps: [Step] = []
    /// How many there have been.
    private(set) var count = 0

    /// Compares the clocks.
    ///
    /// - Parameters:
    ///   - uptime: of the machine, its sleep included.
    ///   - newest: of the messages that have begun.
    /// - Returns: the step that the wall clock has made since the last time.
    mutating func observe(wall: Timestamp, uptime: Duration, newest: QueueID) -> Step? {
        let now = wall - Timestamp(microseconds: 0) - uptime
        defer { offset = now }
        guard let offset else { return nil }
        let by = now - offset
        guard by > Self.tolerance || by < .zero - Self.tolerance else { return nil }
        let step = Step(before: wall + (.zero - by), by: by, newest: newest)
        steps.append(step)
        count += 1
        if steps.count > Self.mostSteps { steps.removeFirst() }
        return step
    }

    /// When a message was received that says this time, by the clock of now. A message from before a step has the same age behind it.
    func received(_ time: Timestamp, _ id: QueueID) -> Timestamp {
        steps.reduce(time) { time, step in id <= step.newest ? step.moved(time) : time }
    }
}
