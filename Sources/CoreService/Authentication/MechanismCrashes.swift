import MailVocabulary

/// Which mechanisms `postern-auth` has died under, and which are switched off for that. A value; time comes in.
///
/// A death is held against every mechanism whose octets a C library was reading at that moment. When there were enough of them, the one that
/// explains the most is switched off, and only that: on a busy server the others were there by chance.
struct MechanismCrashes {
    struct Settings: Hashable {
        var deaths = 3
        /// Within this time.
        var window = Duration.seconds(600)
        var offFor = Duration.seconds(3600)
    }

    let settings: Settings
    private var deaths: [(at: Timestamp, mechanisms: Set<SASLMechanism>)] = []
    private var offUntil: [SASLMechanism: Timestamp] = [:]

    init(settings: Settings = Settings()) { self.settings = settings }

    /// Among mechanisms that explain as many deaths, the one that has the library read the most of what strangers made.
    private static let suspicion: [SASLMechanism] = [
        .gssapi, .gs2Kerberos, .ntlm, .scramSHA1, .scramSHA256, .cramMD5, .login, .plain,
    ]

    /// - Returns: the mechanism that this death switches off; nil where it switches off none.
    mutating func died(reading mechanisms: Set<SASLMechanism>, now: Timestamp) -> SASLMechanism? {
        guard !mechanisms.isEmpty else { return nil }
        deaths.removeAll { now - $0.at >= settings.window || $0.at > now }
        deaths.append((now, mechanisms))
        let counts = Self.suspicion.map { mechanism in (mechanism, deaths.count { $0.mechanisms.contains(mechanism) }) }
        // Of those with the highest count, the first in the list.
        guard let most = counts.map(\.1).max(), most >= settings.deaths, let worst = counts.first(where: { $0.1 == most })?.0 else {
            return nil
        }
        offUntil[worst] = now + settings.offFor
        deaths.removeAll { $0.mechanisms.contains(worst) }
        return worst
    }

    func isOff(_ mechanism: SASLMechanism, now: Timestamp) -> Bool {
        guard let until = offUntil[mechanism] else { return false }
        // Should the clock be set back, it is not off for longer than was said.
        return now < until && until - now <= settings.offFor
    }

    /// Those that are off, and until when.
    func off(now: Timestamp) -> [(mechanism: SASLMechanism, until: Timestamp)] {
        offUntil.filter { isOff($0.key, now: now) }.map { ($0.key, $0.value) }.sorted { $0.0.rawValue < $1.0.rawValue }
    }
}
