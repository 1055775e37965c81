import MailVocabulary
import NIOCore

/// Recipients that are due again later: one timer stands for the earliest of them.
extension MessageQueue {
    func deferred(until time: Timestamp) {
        if time <= deferredScannedUntil { deferredScannedUntil = Timestamp(microseconds: time.microseconds - 1) }
        if deferredTimer.map({ time < $0.at }) ?? true { wakeForDeferred(at: time) }
    }

    func wakeForDeferred(at time: Timestamp) {
        deferredTimer?.timer.cancel()
        let delay = max(.zero, time - now())
        deferredTimer = (
            time,
            after(delay) { [weak self] in
                self?.deferredTimer = nil
                self?.scanDeferred()
            }
        )
    }

    func scanDeferred() {
        let now = self.now()
        // It is done when the times have moved.
        guard stepsUnderWay == 0 else { return }
        let (from, steps) = (deferredScannedUntil, stepClock.count)
        deferredScannedUntil = max(now, from)
        store.deferredHops(after: from, until: now).assumeIsolated().whenComplete { [weak self] result in
            guard let self, steps == stepClock.count else { return }
            switch result {
            case .success(let (hops, next)):
                for hop in hops { scheduler.mayHaveMore(hop.route) }
                if let next, deferredTimer.map({ next < $0.at }) ?? true { wakeForDeferred(at: next) }
                dispatch()
            case .failure(let error):
                report(.readFailed("\(error)"))
                deferredScannedUntil = min(deferredScannedUntil, from)
                after(.seconds(1)) { [weak self] in self?.scanDeferred() }
            }
        }
    }
}
