import NameResolution
import ServiceRuntime

/// What DNS said to a question, for people.
struct DNSAnswer {
    let question: DNSQuestion
    let answer: LookupAnswer
    /// Whether a trust anchor is there to validate by.
    let isValidated: Bool
    let seconds: Double

    /// One line for each record.
    var records: [String] {
        guard case .records(let all, _) = answer else { return [] }
        return all.map { RecordText.text(question.kind, $0) ?? "(a damaged record of \($0.count) octets)" }.sorted()
    }

    /// How it went, in a few words.
    var outcome: String {
        switch answer {
        case .records(let all, let isSecure): "\(all.count == 1 ? "1 record" : "\(all.count) records"), \(security(isSecure))"
        case .noRecords(let isSecure): "no such record, though the name exists, \(security(isSecure))"
        case .noSuchDomain(let isSecure): "no such name (NXDOMAIN), \(security(isSecure))"
        case .failure(let failure): "\(failure)"
        }
    }

    /// What was not looked at is not called insecure.
    private func security(_ isSecure: Bool) -> String {
        if !isValidated { return "not validated" }
        return isSecure ? "secure (DNSSEC)" : "insecure (not signed, or not below the trust anchor)"
    }

    var word: String {
        switch answer {
        case .records: "records"
        case .noRecords: "no_records"
        case .noSuchDomain: "no_such_name"
        case .failure: "failure"
        }
    }

    /// 0: records; 1: there are none; 75: there is no answer that can be relied on.
    var status: Int32 {
        switch answer {
        case .records: 0
        case .noRecords, .noSuchDomain: 1
        case .failure: ExitStatus.temporaryFailure.rawValue
        }
    }

    var securityWord: String? {
        switch answer {
        case .records(_, let isSecure), .noRecords(let isSecure), .noSuchDomain(let isSecure):
            isValidated ? (isSecure ? "secure" : "insecure") : "not validated"
        case .failure(.bogus): "bogus"
        case .failure: nil
        }
    }
}
