import MailVocabulary
import NIOCore

/// How far the reading of next hops has come.
struct HopScan {
    /// The last hop read; nil: the next page is the first.
    var cursor: HopID?
    var isReading = false
    /// The next page, where it waits for hops that are left alone to make room.
    var timer: Scheduled<Void>?
    var hasSaidManyHops = false
    /// Between two pages that wait for room.
    static let interval = Duration.seconds(30)
}

/// Next hops that are in the store and not in memory: read page by page.
extension MessageQueue {
    /// At once where there is plenty of room; otherwise a page every half a minute, for which hops that are left alone make room.
    func lookForHopsBeyondMemory() {
        guard scheduler.hasHopsBeyondMemory, hopScan.timer == nil else { return }
        if scheduler.hops.count < scheduler.bounds.hops / 2 { return readHops() }
        if !hopScan.hasSaidManyHops { report(.manyNextHops(scheduler.hops.count)) }
        hopScan.hasSaidManyHops = true
        hopScan.timer = after(HopScan.interval) { [weak self] in
            self?.hopScan.timer = nil
            self?.readHops()
        }
    }

    /// Reads the next page of hops; each may have work.
    func readHops() {
        guard !hopScan.isReading else { return }
        hopScan.isReading = true
        if hopScan.cursor == nil { scheduler.willReadHops() }
        let limit = min(1000, scheduler.bounds.hops / 2)
        store.hops(after: hopScan.cursor, limit: limit).assumeIsolated().whenComplete { [weak self] result in
            guard let self else { return }
            hopScan.isReading = false
            switch result {
            case .success(let hops):
                if let refused = hops.firstIndex(where: { !scheduler.mayHaveMore($0.route) }) {
                    // The next page begins with it.
                    if refused > 0 { hopScan.cursor = hops[refused - 1].id }
                } else {
                    hopScan.cursor = hops.count < limit ? nil : hops.last?.id
                }
                if hopScan.cursor == nil, !scheduler.hasHopsBeyondMemory { hopScan.hasSaidManyHops = false }
                dispatch()
                if hopScan.cursor != nil, !scheduler.hasHopsBeyondMemory { readHops() }
            case .failure(let error):
                report(.readFailed("\(error)"))
                after(.seconds(1)) { [weak self] in self?.readHops() }
            }
        }
    }
}
