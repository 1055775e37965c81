/// An answer as one JSON object.
struct DNSAnswerJSON: Encodable {
    let name, type: String
    let servers: [String]
    let outcome: String
    let records: [String]
    let recordCount: Int
    let ttl: Int?
    let canonicalName, dnssec, reason: String?
    let hostsFile: [String]?

    private enum CodingKeys: String, CodingKey {
        case name, type, servers, outcome, records, ttl, dnssec, reason
        case recordCount = "record_count"
        case canonicalName = "canonical_name"
        case hostsFile = "hosts_file"
    }

    init(_ answer: DNSAnswer, servers: [String]) {
        (name, type, self.servers) = (answer.question.name, answer.question.type.word, servers)
        (outcome, records, recordCount) = (answer.outcome.rawValue, answer.records, answer.recordCount)
        (ttl, canonicalName) = (answer.result.timeToLive, answer.result.canonicalName)
        (dnssec, hostsFile) = (answer.status?.identifier, answer.hostsFile)
        if case .failure(let failure) = answer.result.answer { reason = failure.description } else { reason = nil }
    }
}
