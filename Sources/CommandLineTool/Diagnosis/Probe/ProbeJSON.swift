import MailVocabulary

/// A report as one JSON object.
struct ProbeJSON: Encodable {
    struct Question: Encodable {
        let answer: DNSAnswerJSON
        let milliseconds: Int64
    }

    struct Stage: Encodable {
        let stage: String
        let milliseconds: Int64
        let isPassed: Bool
        let reply, failure: String?
        let notes: [String]

        private enum CodingKeys: String, CodingKey {
            case stage, milliseconds, reply, failure, notes
            case isPassed = "passed"
        }
    }

    struct Session: Encodable {
        let host, address: String
        let port: Int
        let stages: [Stage]
        let certificate: FactsJSON?
        let isVerified: Bool?

        private enum CodingKeys: String, CodingKey {
            case host, address, port, stages, certificate
            case isVerified = "certificate_verified"
        }
    }

    let domain, route: String
    let connector: String?
    let questions: [Question]
    let noHost: String?
    let sessions: [Session]
    let leftOut: Int
    let verdict, summary: String

    private enum CodingKeys: String, CodingKey {
        case domain, route, connector, questions, sessions, verdict, summary
        case noHost = "no_host"
        case leftOut = "addresses_left_out"
    }

    init(_ report: ProbeReport, servers: [String], now: Timestamp) {
        (domain, route, connector) = (report.domain, report.route.words, report.route.connector?.name)
        questions = report.questions.map {
            Question(answer: DNSAnswerJSON($0.answer, servers: servers), milliseconds: $0.duration.milliseconds)
        }
        (noHost, leftOut) = (report.noHost?.description, report.leftOut)
        sessions = report.sessions.map { session in
            Session(
                host: session.host, address: session.address, port: session.port, stages: session.stages.map(Stage.init),
                certificate: session.certificate.map { FactsJSON($0, now: now) }, isVerified: session.verification?.isVerified)
        }
        let verdict = ProbeVerdict(report)
        (self.verdict, summary) = (verdict.kind.rawValue, verdict.text)
    }
}

extension ProbeJSON.Stage {
    init(_ stage: ProbeStage) {
        (self.stage, milliseconds, isPassed, notes) = (stage.kind.rawValue, stage.duration.milliseconds, stage.isPassed, stage.notes)
        switch stage.outcome {
        case .passed: (reply, failure) = (nil, nil)
        case .answered(let answer): (reply, failure) = (answer.description, nil)
        case .failed(let reason): (reply, failure) = (nil, reason.words)
        }
    }
}
