import MailVocabulary
import MessageQueue

/// The next hops out of reach, as far as a person reads them.
enum PausedHops {
    /// A mail system that loses its way to the Internet has tens of thousands; the number is told beside the list.
    static let mostShown = 100

    /// Those that are tried again soonest.
    static func soonest(of paused: [UnreachableHop]) -> [UnreachableHop] {
        Array(
            paused.sorted { ($0.until, $0.route.nextHop, $0.route.connector) < ($1.until, $1.route.nextHop, $1.route.connector) }
                .prefix(mostShown))
    }
}
