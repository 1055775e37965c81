/// What a key belongs to that does not act yet: the key is read and checked, and `postern check` says that it waits.
enum Feature: String, Sendable {
    case schedules = "schedules"
    case pull = "ETRN, TURN and ATRN"
    case link = "dial-up links"
    case reports = "full reports"
    case masquerading = "masquerading"
    case dnssec = "DNSSEC validation"
    case protocolLogs = "protocol logs"

    /// `TLS comes`, `schedules come`.
    var verbEnding: String {
        switch self {
        case .masquerading, .dnssec: "s"
        case .schedules, .pull, .link, .reports, .protocolLogs: ""
        }
    }
}
