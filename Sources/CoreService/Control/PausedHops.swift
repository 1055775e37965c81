import MailVocabulary
import MessageQueue

/// The next hops out of reach, as far as a person reads them.
enum PausedHops {
    /// A mail system that loses its way to the Internet has tens of thousands; the number is told beside the list.
    static let mostShown = 100

    /// Those that are tried again soonest.
    static func soonest(of paused: [Route: Timestamp]) -> [(key: Route, value: Timestamp)] {
        Array(
            paused.sorted { ($0.value, $0.key.nextHop, $0.key.connector) < ($1.value, $1.key.nextHop, $1.key.connector) }.prefix(mostShown))
    }
}
