import CoreLink
import Logging
import MailVocabulary
import NIOCore

/// Which of the configured mechanisms nobody can log in with at present, and why: those that `postern-auth` has died under, and those that it
/// says lack what they need. Tells the submission servers, which do not offer them. Confined to the core's event loop.
///
/// What `postern-auth` has said holds until it says something else, also while it is gone: its return changes little, and each change is one for
/// every client.
final class MechanismOutages {
    struct Outage: Hashable {
        let mechanism: SASLMechanism
        let reason: String
        /// nil: until the configuration, or what is missing, changes.
        let until: Timestamp?
    }

    private let eventLoop: any EventLoop
    private let log: Logger
    private let switchedOff: (Timestamp) -> [(mechanism: SASLMechanism, until: Timestamp)]
    private var reported: [UnusableMechanism] = []
    private var watchers: [ObjectIdentifier: (Set<SASLMechanism>) -> Void] = [:]
    /// What the watchers know.
    private var told: Set<SASLMechanism> = []
    private var timer: Scheduled<Void>?

    /// - Parameter switchedOff: the mechanisms that crashes have switched off, and until when.
    init(
        on eventLoop: any EventLoop, log: Logger, switchedOff: @escaping (Timestamp) -> [(mechanism: SASLMechanism, until: Timestamp)]
    ) {
        (self.eventLoop, self.log, self.switchedOff) = (eventLoop, log, switchedOff)
    }

    /// By their names, each once: what switched it off comes before what it lacks.
    var current: [Outage] {
        let off = switchedOff(.now()).map {
            Outage(mechanism: $0.mechanism, reason: "postern-auth has died under it repeatedly", until: $0.until)
        }
        let lacking = reported.filter { report in !off.contains { $0.mechanism == report.mechanism } }
            .map { Outage(mechanism: $0.mechanism, reason: $0.reason, until: nil) }
        return (off + lacking).sorted { $0.mechanism.rawValue < $1.mechanism.rawValue }
    }

    /// `postern-auth` has looked at what its mechanisms need.
    func report(_ mechanisms: [UnusableMechanism]) {
        reported = mechanisms
        changed()
    }

    /// - Parameter tell: called at once, and with each change until the watcher is forgotten.
    func watch(_ watcher: AnyObject, _ tell: @escaping (Set<SASLMechanism>) -> Void) {
        watchers[ObjectIdentifier(watcher)] = tell
        tell(told)
    }

    func forget(_ watcher: AnyObject) { watchers[ObjectIdentifier(watcher)] = nil }

    /// Looks again, and says what is different.
    func changed() {
        let outages = current
        timer?.cancel()
        timer = outages.compactMap(\.until).min().map { end in
            // A moment later, when it is over; should the clock be set back, it is looked at again then.
            let wait = TimeAmount.microseconds(max(0, end.microseconds - Timestamp.now().microseconds) + 1000)
            return eventLoop.assumeIsolated().scheduleTask(in: wait) { [weak self] in self?.changed() }
        }
        let now = Set(outages.map(\.mechanism))
        guard now != told else { return }
        let again = told.subtracting(now)
        told = now
        for outage in outages {
            log.warning("mechanism is not offered", metadata: ["mechanism": "\(outage.mechanism.rawValue)", "reason": "\(outage.reason)"])
        }
        for mechanism in again.map(\.rawValue).sorted() {
            log.notice("mechanism is offered again", metadata: ["mechanism": "\(mechanism)"])
        }
        for tell in watchers.values { tell(now) }
    }
}
