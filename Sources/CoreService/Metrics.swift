import MailVocabulary
import MessageQueue

/// What the core counts since it started. Confined to the core's event loop.
struct Metrics {
    var acceptedMessages = 0
    var refusedRecipients = 0
    var storageRefusals = 0
    var deliveredRecipients = 0
    var deferredAttempts = 0
    var failedRecipients = 0
    var expiredRecipients = 0
    var reportsWritten = 0
    var badmail = 0
    var damagedMessages = 0
    var logins = 0
    var verifierLookups = 0

    /// The Prometheus text format, version 0.0.4.
    ///
    /// - Parameters:
    ///   - startedAt: of the core, in seconds since 1970.
    ///   - oldestReceivedAt: of the oldest message in the queue; nil where there is none.
    ///   - revision: of the configuration in force, a hexadecimal number.
    ///   - filesAside: content files that no message needs, or whose message is damaged.
    func text(
        counts: QueueCounts, held: Int = 0, leases: Int, pausedHops: Int, expired: Int, startedAt: Int, oldestReceivedAt: Timestamp?,
        now: Timestamp,
        revision: String, filesAside: Int
    ) -> String {
        // 0 and not nothing for an empty queue: a metric that comes and goes raises no alarm.
        let oldestAge = oldestReceivedAt.map { max(0, Int(now.seconds - $0.seconds)) } ?? 0
        let rows: [(name: String, kind: String, help: String, value: Int)] = [
            ("postern_messages_accepted_total", "counter", "Messages acknowledged with 250.", acceptedMessages),
            ("postern_recipients_refused_total", "counter", "Recipients refused in the dialogue.", refusedRecipients),
            ("postern_storage_refusals_total", "counter", "Messages refused with 452 4.3.1 for want of storage.", storageRefusals),
            ("postern_recipients_delivered_total", "counter", "Recipients that a next hop has taken.", deliveredRecipients),
            ("postern_attempts_deferred_total", "counter", "Attempts for a recipient that failed for now.", deferredAttempts),
            ("postern_recipients_failed_total", "counter", "Recipients given up.", failedRecipients),
            ("postern_recipients_expired_total", "counter", "Of these, the ones that were tried for too long.", expiredRecipients),
            ("postern_reports_written_total", "counter", "Non-delivery reports written.", reportsWritten),
            ("postern_badmail_total", "counter", "Reports that could not be delivered, and are kept as badmail.", badmail),
            ("postern_messages_damaged_total", "counter", "Messages found damaged in the queue, and not delivered.", damagedMessages),
            ("postern_content_files_aside", "gauge", "Content files kept aside: orphans, and damaged content.", filesAside),
            ("postern_logins_total", "counter", "Sessions that have logged in.", logins),
            ("postern_verifier_lookups_total", "counter", "Login names that postern-auth has asked about.", verifierLookups),
            ("postern_leases_expired_total", "counter", "Leases whose holder did not renew them.", expired),
            ("postern_start_time_seconds", "gauge", "When the core started, in seconds since 1970.", startedAt),
            ("postern_queue_messages", "gauge", "Messages in the queue.", counts.messages),
            ("postern_queue_recipients", "gauge", "Recipients in the queue.", counts.recipients),
            ("postern_queue_oldest_message_age_seconds", "gauge", "Since the oldest message in the queue came in.", oldestAge),
            ("postern_queue_held_recipients", "gauge", "Recipients that the configuration refuses and that are held.", held),
            ("postern_queue_leases", "gauge", "Leases that are out.", leases),
            ("postern_queue_paused_hops", "gauge", "Next hops that could not be reached and are left alone.", pausedHops),
        ]
        let info = (name: "postern_configuration_info", help: "The revision of the configuration in force; always 1.")
        return "# HELP \(info.name) \(info.help)\n# TYPE \(info.name) gauge\n\(info.name){revision=\"\(revision)\"} 1\n"
            + rows.map { "# HELP \($0.name) \($0.help)\n# TYPE \($0.name) \($0.kind)\n\($0.name) \($0.value)\n" }.joined()
    }

    /// One gauge for each connector: whether it carries mail.
    static func connectors(_ names: [String], down: Set<String>) -> String {
        let name = "postern_connector_up"
        return "# HELP \(name) 0 where the connector's next hops failed repeatedly, until one of them answers.\n"
            + "# TYPE \(name) gauge\n" + names.map { "\(name){connector=\"\($0)\"} \(down.contains($0) ? 0 : 1)\n" }.joined()
    }

    /// One gauge for each mechanism that nobody can log in with.
    static func mechanismsOff(_ names: [String]) -> String {
        let name = "postern_mechanism_off"
        return
            "# HELP \(name) 1 for each configured authentication mechanism that nobody can log in with: switched off, or without what it needs.\n"
            + "# TYPE \(name) gauge\n" + names.map { "\(name){mechanism=\"\($0)\"} 1\n" }.joined()
    }
}
