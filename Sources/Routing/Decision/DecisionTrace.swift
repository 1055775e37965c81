import Topology

/// The steps that led to a decision, in order.
///
/// Steps are values; their words are made only when someone reads them, so that live mail does not pay for them. Those about the members of a
/// group are themselves made only then.
public struct DecisionTrace: Sendable {
    /// A group with more members than this is not told step by step.
    public static let maximumSteps = 1000

    private var beginning: [DecisionStep] = []
    private var beyondBeginning = 0
    private var members: MemberSteps?
    private var end: [DecisionStep] = []

    init() { beginning.reserveCapacity(6) }

    mutating func append(_ finding: DecisionStep.Finding, at location: SourceLocation? = nil, refusal: Refusal? = nil) {
        // A value that no file states is no reason to point at.
        let step = DecisionStep(finding: finding, location: location == .builtIn ? nil : location, refusal: refusal)
        if members != nil {
            end.append(step)
        } else if beginning.count < Self.maximumSteps {
            beginning.append(step)
        } else {
            beyondBeginning += 1
        }
    }

    /// The steps of all members, once for a trace.
    mutating func append(_ members: MemberSteps) { self.members = members }

    /// Whether its steps are worth making late: they are as many as a group has members.
    public var isLong: Bool { members != nil }

    /// All steps that were taken.
    public var count: Int { beginning.count + beyondBeginning + (members?.count ?? 0) + end.count }

    /// At most `maximumSteps` of them, the first; those about the members of a group are made anew at each reading.
    public var steps: [DecisionStep] {
        guard let members else { return beginning }
        return beginning + (members.first(Self.maximumSteps - beginning.count) + end).prefix(Self.maximumSteps - beginning.count)
    }

    /// Steps beyond `maximumSteps`.
    public var omitted: Int { max(0, count - Self.maximumSteps) }

    /// The last steps, which say how it ended.
    public func last(_ most: Int) -> [DecisionStep] {
        let ofMembers = members?.last(max(0, most - end.count)) ?? []
        return Array((beginning.suffix(max(0, most - end.count - ofMembers.count)) + ofMembers + end).suffix(most))
    }
}

extension DecisionTrace: Hashable {
    public static func == (left: DecisionTrace, right: DecisionTrace) -> Bool { left.count == right.count && left.steps == right.steps }

    public func hash(into hasher: inout Hasher) { hasher.combine(beginning) }
}

extension DecisionTrace: CustomStringConvertible {
    /// One line for each step, without a line end behind the last: for logs.
    public var description: String {
        var lines = steps.map(\.description)
        if omitted > 0 { lines.append("… and \(omitted) more steps") }
        return lines.joined(separator: "\n")
    }
}
