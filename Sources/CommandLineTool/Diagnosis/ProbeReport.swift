/// What a probe found, stage by stage.
struct ProbeReport: Encodable {
    struct Stage: Encodable {
        let stage: String
        /// The host or address that it is about; empty for the domain itself.
        let at: String
        let isGood: Bool
        let found: [String]
        let milliseconds: Int
    }

    private(set) var stages: [Stage] = []
    /// Where it fails, or that it does not.
    var verdict = ""
    var isDeliverable = false
    /// Whether another attempt may succeed where this one has not.
    var isTransient = false
    /// Called for each stage when it is over.
    var show: ((Stage) -> Void)?

    mutating func add(_ stage: String, at: String = "", isGood: Bool = true, _ found: [String], seconds: Double) {
        let stage = Stage(stage: stage, at: at, isGood: isGood, found: found, milliseconds: Int((seconds * 1000).rounded()))
        stages.append(stage)
        show?(stage)
    }

    private enum CodingKeys: String, CodingKey {
        case stages, verdict
        case isDeliverable = "deliverable"
    }
}
