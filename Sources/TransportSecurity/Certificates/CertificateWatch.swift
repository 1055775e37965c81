import MailVocabulary
import TrustedFiles

/// Looks after the certificate pairs of a server: takes up renewed ones, and says when one comes to its end.
///
/// A value without a clock; whoever holds it calls ``poll(now:)`` from a timer, every ten seconds or so, and at once when told to reload.
/// It costs two `stat` for each pair where nothing has changed. What is loaded here is only given out by ``pair(_:)``: the caller makes a
/// new `ServerContext` of it.
public struct CertificateWatch: Sendable {
    public enum Event: Hashable, Sendable {
        /// New files are taken up.
        case renewed(files: CertificateFiles, CertificateFacts)
        /// New files are not taken, and the pair from before stays. Said once for each change of the files.
        case refused(files: CertificateFiles, CertificateError)
        /// Once with each pair that is taken up.
        case warning(files: CertificateFiles, CertificateWarning)
        /// Once a day in the last 30 days. Whole days, 0 in the last one.
        case expires(files: CertificateFiles, inDays: Int, notAfter: Timestamp)
        /// Once a day afterwards.
        case expired(files: CertificateFiles, notAfter: Timestamp)
    }

    /// From how many days before its end on a certificate is spoken of.
    public static let warningDays = 30
    private static let day = Duration.seconds(86_400)

    private struct Signatures: Hashable {
        let certificate: TrustedFile.Signature?
        let key: TrustedFile.Signature?

        init(_ files: CertificateFiles) {
            certificate = TrustedFile.signature(of: files.certificate)
            key = TrustedFile.signature(of: files.key)
        }

        /// A file that was written less than two seconds before it was read may be written again without a new time.
        func isSettled(at now: Timestamp) -> Bool {
            let newest = max(certificate?.changedNanoseconds ?? 0, key?.changedNanoseconds ?? 0)
            return now.microseconds - newest / 1000 > 2_000_000
        }
    }

    private struct Entry {
        let files: CertificateFiles
        var pair: CertificatePair
        /// The octets that `pair` was read from.
        var loaded: [[UInt8]]
        /// The state of the files that was looked at last; nil: look again.
        var seen: Signatures?
        /// What was last refused: its octets or, where they cannot be read, the error.
        var refused: (octets: [[UInt8]], error: CertificateError)?
        var lastSpokenOfEnd: Timestamp?
        var warnings: [CertificateWarning]
    }

    private let accounts: Set<UInt32>?
    private var entries: [Entry] = []

    /// Reads all pairs.
    ///
    /// - Parameters:
    ///   - accounts: user IDs that may change the files besides root, where root reads them: those that it reads them for.
    ///   - earlier: the watch that this one replaces, as at a reload: what it has said of a pair that is still the same is not said again.
    /// - Throws: where one of them cannot be used; the first of them.
    public init(
        _ files: [CertificateFiles], trusting accounts: Set<UInt32>? = nil, after earlier: CertificateWatch? = nil, now: Timestamp
    ) throws(CertificateError) {
        self.accounts = accounts
        for files in files where !entries.contains(where: { $0.files == files }) {
            let seen = Signatures(files)
            let certificate = try FileContent(path: files.certificate, trusting: accounts)
            let key = try FileContent(path: files.key, trusting: accounts)
            let (pair, warnings) = try CertificatePair.load(files, certificate: certificate, key: key, now: now)
            let loaded = [certificate.octets, key.octets]
            var entry = Entry(files: files, pair: pair, loaded: loaded, seen: seen.isSettled(at: now) ? seen : nil, warnings: warnings)
            if let same = earlier?.entries.first(where: { $0.files == files && $0.loaded == loaded }) {
                (entry.lastSpokenOfEnd, entry.warnings) = (same.lastSpokenOfEnd, same.warnings)
            }
            entries.append(entry)
        }
    }

    /// The pair as it is used now; nil for files that were not given.
    public func pair(_ files: CertificateFiles) -> CertificatePair? { entries.first { $0.files == files }?.pair }

    /// What metrics tell: each pair and what its certificate says, with `notAfter`.
    public var expiry: [(files: CertificateFiles, facts: CertificateFacts)] { entries.map { ($0.files, $0.pair.facts) } }

    /// Looks at the files and at the calendar.
    public mutating func poll(now: Timestamp) -> [Event] {
        var events: [Event] = []
        for index in entries.indices {
            Self.lookAtFiles(&entries[index], accounts, now: now, &events)
            // An expired certificate is spoken of below, every day.
            for warning in entries[index].warnings {
                if case .expired = warning { continue }
                events.append(.warning(files: entries[index].files, warning))
            }
            entries[index].warnings = []
            Self.lookAtCalendar(&entries[index], now: now, &events)
        }
        return events
    }

    private static func lookAtFiles(
        _ entry: inout Entry, _ accounts: Set<UInt32>?, now: Timestamp, _ events: inout [Event]
    ) {
        // From before the files are read: what changes meanwhile differs from it the next time.
        let state = Signatures(entry.files)
        guard state != entry.seen else { return }
        entry.seen = state.isSettled(at: now) ? state : nil
        var octets: [[UInt8]] = []
        do throws(CertificateError) {
            let certificate = try FileContent(path: entry.files.certificate, trusting: accounts)
            let key = try FileContent(path: entry.files.key, trusting: accounts)
            octets = [certificate.octets, key.octets]
            guard octets != entry.loaded else {
                entry.refused = nil
                return
            }
            if let refused = entry.refused, refused.octets == octets { return }
            let (pair, warnings) = try CertificatePair.load(entry.files, certificate: certificate, key: key, now: now)
            (entry.pair, entry.loaded, entry.warnings) = (pair, octets, warnings)
            (entry.refused, entry.lastSpokenOfEnd) = (nil, nil)
            events.append(.renewed(files: entry.files, pair.facts))
        } catch {
            if let refused = entry.refused, refused.octets == octets, refused.error == error { return }
            entry.refused = (octets, error)
            events.append(.refused(files: entry.files, error))
        }
    }

    private static func lookAtCalendar(_ entry: inout Entry, now: Timestamp, _ events: inout [Event]) {
        let facts = entry.pair.facts
        let days = facts.daysLeft(at: now)
        guard days < warningDays else { return }
        if let last = entry.lastSpokenOfEnd, now < last + day { return }
        entry.lastSpokenOfEnd = now
        events.append(
            facts.isExpired(at: now)
                ? .expired(files: entry.files, notAfter: facts.notAfter)
                : .expires(files: entry.files, inDays: days, notAfter: facts.notAfter))
    }
}
