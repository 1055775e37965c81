import MailVocabulary
import Topology

extension Listener {
    /// The address by which a process of the same machine reaches it: a listener on all addresses by the loopback one.
    var reachableAddress: String {
        switch address.description {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        case let other: other
        }
    }
}
