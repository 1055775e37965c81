import NameResolution

/// What was asked, and what came back.
struct DNSAnswer: Hashable, Sendable {
    /// Records that are shown of one answer; an answer over TCP may hold thousands.
    static let maximumShown = 100

    enum Outcome: String, Hashable, Sendable {
        case answer
        case noSuchName = "no_such_name"
        case noData = "no_data"
        case failure
    }

    let question: DNSQuestion
    let result: LookupResult
    let isValidating: Bool
    /// Addresses or names that the hosts file has instead; nil where it has none.
    let hostsFile: [String]?

    var outcome: Outcome {
        switch result.answer {
        case .records: .answer
        case .noSuchDomain: .noSuchName
        case .noRecords: .noData
        case .failure: .failure
        }
    }

    var status: DNSSECStatus? { DNSSECStatus(result.answer, isValidating: isValidating) }

    /// As zone files write them; of MX the most preferred first, of the others the servers' order. At most ``maximumShown``.
    var records: [String] {
        guard case .records(let records, _) = result.answer else { return [] }
        let ordered = question.type == .mx ? records.sorted { $0.prefix(2).lexicographicallyPrecedes($1.prefix(2)) } : records
        return ordered.prefix(Self.maximumShown).map { RecordData.text($0, of: question.type) ?? "(malformed: \($0.count) octets)" }
    }

    var recordCount: Int {
        guard case .records(let records, _) = result.answer else { return 0 }
        return records.count
    }

    /// The outcome in a few words.
    var summary: String {
        switch result.answer {
        case .records(let records, _): records.count == 1 ? "1 record" : "\(records.count) records"
        case .noSuchDomain: "no such name (NXDOMAIN)"
        case .noRecords: "the name exists, without \(question.type.word) records"
        // The validator's reason is the status.
        case .failure(.bogus): "none that can be believed"
        case .failure(let failure): "none: \(failure)"
        }
    }

    /// What it means for mail, where that is not plain from the records.
    var remark: String? {
        switch (question.type, result.answer) {
        case (_, .failure): "Mail that depends on it waits, and is tried again later."
        case (.mx, .noRecords): "Mail goes to the addresses of the name itself (RFC 5321 §5.1)."
        case (.mx, .noSuchDomain): "Mail to it is returned."
        case (.mx, _) where MailExchangerLookup(result.answer) == .nullMX: "A null MX: the domain takes no mail (RFC 7505)."
        case (.tlsa, .records(_, let isSecure)) where !isSecure: "TLSA records count only where DNSSEC makes them secure (RFC 7672 §2.2)."
        case (.ptr, .records(let records, _)) where records.count > HostNameLookup.maximumNames:
            "Only the first \(HostNameLookup.maximumNames) names are looked at."
        default: nil
        }
    }
}
