import MailVocabulary
import Topology

/// What an alias or group leads to: the rules for one final address, and the same for many at once.
extension DecisionCourse {
    /// Takes the rules for one final address, as at `RCPT` or at the end of the data.
    mutating func reach<D: RoutingDirectory>(
        _ target: Destinations.Target, _ pass: MemberSteps.Pass, _ directory: D
    ) throws(D.Failure) {
        switch pass {
        case .recipient: try reach(target, directory)
        case .endOfData: try reachAgain(target, directory)
        }
    }

    private mutating func reach<D: RoutingDirectory>(_ target: Destinations.Target, _ directory: D) throws(D.Failure) {
        let address = target.address
        switch target.standing {
        case .strandedMailbox: trace.append(.leftOut("the domain of \(address) is no longer ours"))
        case .mailbox:
            if try isClosed(address, target.naming, directory) { return }
            trace.append(.mailbox(address))
            try route(address, directory)
        case .forwarded:
            trace.append(.forwarded(KnownRecipient.Outside(address, via: target.via ?? recipient)))
            try route(address, directory)
        case .missing(let name):
            trace.append(
                .leftOut("\(target.via ?? recipient) leads to \(address), which does not exist"), at: table.domains[name]?.location)
        case .elsewhere(let name):
            // A standing names a domain of this table.
            guard let domain = table.domains[name], try !isClosed(address, target.naming, directory) else { return }
            try continueElsewhere(address, in: domain, directory)
        }
    }

    /// The directory was asked at `RCPT`, a moment ago: it is not asked once more about each address.
    private mutating func reachAgain<D: RoutingDirectory>(_ target: Destinations.Target, _ directory: D) throws(D.Failure) {
        let isMailbox = target.standing == .mailbox
        trace.append(.decidedAgain(target.address, .endOfData))
        try decideAgain(target.address, answer: isMailbox ? .known(KnownRecipient()) : .unknown, naming: target.naming, directory)
    }

    /// Decides for each class by its first address, which stands for all of them: their routes differ in the address, and in what the next hop
    /// has of its domain.
    ///
    /// - Parameter kept: whether a class is decided about at all.
    mutating func reachAll<D: RoutingDirectory>(
        _ destinations: Destinations, _ pass: MemberSteps.Pass, keeping kept: (Int) -> Bool = { _ in true }, _ directory: D
    ) throws(D.Failure) {
        var ways: [RoutedRecipient?] = []
        var stepCounts: [Int] = []
        var first: (index: Int, refusal: Refusal)?
        for (number, group) in destinations.groups.enumerated() {
            guard kept(number) else {
                ways.append(nil)
                stepCounts.append(0)
                continue
            }
            var course = withoutOutcome
            try course.reach(destinations.target(group.first), pass, directory)
            learn(from: course)
            ways.append(course.routes.first)
            stepCounts.append(course.trace.count)
            if let refusal = course.refusal, first.map({ group.first < $0.index }) ?? true { first = (group.first, refusal) }
        }
        trace.append(MemberSteps(withoutOutcome, destinations, pass, stepCounts: stepCounts))
        take(RoutedRecipients(RoutedRecipients.Shared(destinations: destinations, ways: ways)), refusal: first?.refusal)
    }
}
