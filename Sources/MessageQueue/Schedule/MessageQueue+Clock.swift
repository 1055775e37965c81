import MailVocabulary
import NIOCore

/// The wall clock of the queue: what waits for its times is computed anew when it is set.
extension MessageQueue {
    /// Between two looks at the clock while nothing happens.
    static let clockInterval = Duration.seconds(1)

    /// The time of now. Whoever writes a time into the queue asks here first: where the clock was set since the last time, everything that was
    /// written before is moved before.
    public func now() -> Timestamp {
        let before = uptime()
        let wall = wallClock()
        // Where the process stood still between the two, they say nothing of each other.
        let after = uptime()
        if after - before < StepClock.tolerance / 4, let step = stepClock.observe(wall: wall, uptime: after, newest: newestID) {
            clockWasSet(step)
        }
        return wall
    }

    /// When a message was received, by the clock of now.
    public func received(_ message: MessageHead) -> Timestamp { stepClock.received(message.receivedAt, message.id) }

    func watchClock() {
        after(Self.clockInterval) { [weak self] in
            guard let self else { return }
            let now = now()
            // A timer counts no time that the machine slept.
            if let deferredTimer, deferredTimer.at <= now { wakeForDeferred(at: now) }
            for hop in scheduler.hops.values { if let until = hop.pausedUntil, until <= now { resume(hop, until) } }
            watchClock()
        }
    }

    /// Everything that waits keeps the time that it still has to wait.
    ///
    /// What is due is not read from the store until its times have moved, and what was being read is read again.
    private func clockWasSet(_ step: StepClock.Step) {
        report(.clockWasSet(step.by))
        stepsUnderWay += 1
        for hop in scheduler.hops.values {
            hop.nextExpiryCheck = nil
            if let until = hop.pausedUntil { leaveAlone(hop, until: step.moved(until)) }
        }
        unreadableUntil = unreadableUntil.mapValues(step.moved)
        deferredTimer?.timer.cancel()
        deferredTimer = nil
        move(step)
    }

    private func move(_ step: StepClock.Step) {
        store.submit(.clockWasSet(by: step.by, before: step.before)) { [weak self] result in
            guard let self else { return }
            noteStore(result)
            if case .failure(let error) = result {
                if error != .closed { after(.seconds(1)) { [weak self] in self?.move(step) } }
                return
            }
            stepsUnderWay -= 1
            guard stepsUnderWay == 0 else { return }
            deferredScannedUntil = Timestamp(microseconds: 0)
            scanDeferred()
            dispatch()
            for hop in scheduler.hops.values where hop.pausedUntil != nil { watchExpiry(hop) }
        }
    }
}
