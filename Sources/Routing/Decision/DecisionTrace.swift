import Topology

/// The steps that led to a decision, in order.
///
/// Steps are values; their words are made only when someone reads them, so that live mail does not pay for them.
public struct DecisionTrace: Hashable, Sendable {
    /// A group with more members than this is not told step by step.
    public static let maximumSteps = 1000

    public private(set) var steps: [DecisionStep] = []
    /// Steps beyond `maximumSteps`.
    public private(set) var omitted = 0

    init() { steps.reserveCapacity(6) }

    mutating func append(_ finding: DecisionStep.Finding, at location: SourceLocation? = nil, refusal: Refusal? = nil) {
        guard steps.count < Self.maximumSteps else {
            omitted += 1
            return
        }
        // A value that no file states is no reason to point at.
        steps.append(DecisionStep(finding: finding, location: location == .builtIn ? nil : location, refusal: refusal))
    }
}

extension DecisionTrace: CustomStringConvertible {
    /// One line for each step, without a line end behind the last: for logs.
    public var description: String {
        var lines = steps.map(\.description)
        if omitted > 0 { lines.append("… and \(omitted) more steps") }
        return lines.joined(separator: "\n")
    }
}
