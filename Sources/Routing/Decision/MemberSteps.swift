import MailVocabulary

/// The steps of a decision about many final addresses: not kept, but taken again when somebody reads them.
///
/// The same rules with the same facts take the same steps, so the trace of a group costs a message nothing until it is read.
final class MemberSteps: Sendable {
    /// Which of the decisions it is.
    enum Pass: Sendable { case recipient, endOfData }

    /// What is decided with, everything that was asked of the directory included; it has no steps and routes of its own.
    private let course: DecisionCourse
    private let destinations: Destinations
    private let pass: Pass
    /// By class, for each of its addresses; 0: the class was not decided about.
    private let stepCounts: [Int]
    /// All of them.
    let count: Int

    init(_ course: DecisionCourse, _ destinations: Destinations, _ pass: Pass, stepCounts: [Int]) {
        (self.course, self.destinations, self.pass, self.stepCounts) = (course, destinations, pass, stepCounts)
        count = zip(destinations.groups, stepCounts).reduce(0) { $0 + $1.0.count * $1.1 }
    }

    /// The first steps, in the order of the addresses.
    func first(_ most: Int) -> [DecisionStep] {
        var steps: [DecisionStep] = []
        var index = 0
        while steps.count < most, index < destinations.count {
            steps += stepsOf(index)
            index += 1
        }
        return Array(steps.prefix(most))
    }

    /// The last steps, in the same order.
    func last(_ most: Int) -> [DecisionStep] {
        var ends: [[DecisionStep]] = []
        var found = 0
        var index = destinations.count - 1
        while found < most, index >= 0 {
            let steps = stepsOf(index)
            if !steps.isEmpty { ends.append(steps) }
            found += steps.count
            index -= 1
        }
        return Array(ends.reversed().joined().suffix(most))
    }

    private func stepsOf(_ index: Int) -> [DecisionStep] {
        guard stepCounts[destinations.groupNumber(of: index)] > 0 else { return [] }
        var course = course
        course.reach(destinations.target(index), pass, AskedBefore())
        return course.trace.steps
    }
}

/// Everything that a course asks of the directory about the sender is kept in it; about the addresses it is in the destinations.
private struct AskedBefore: RoutingDirectory {
    func answer(for recipient: EmailAddress) -> DirectoryAnswer { .unknown }
    func groups(of address: EmailAddress) -> Set<AddressKey> { [] }
    func ownAddresses(of account: EmailAddress) -> [EmailAddress] { [] }
}
