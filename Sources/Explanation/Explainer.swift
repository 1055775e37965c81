import Directory
import MailVocabulary
import Routing
import Topology
import TopologyFile

/// Answers what a configuration would do with an envelope, by the function that answers live mail. Nothing is sent.
public struct Explainer {
    /// A question that has no answer by this configuration: where it is asked, and why.
    public struct Unanswerable: Error, Hashable, Sendable, CustomStringConvertible {
        public let location: SourceLocation
        public let reason: String

        public init(location: SourceLocation, reason: String) { (self.location, self.reason) = (location, reason) }

        public var description: String { location.line == 0 ? reason : "\(location): error: \(reason)" }
    }

    let topology: Topology
    private let table: RoutingTable
    let directory: DirectoryAnswers
    private let now: Timestamp
    private let utcOffset: Int
    private let message: QueueID

    /// - Parameters:
    ///   - now: for envelopes that name no time.
    ///   - utcOffset: seconds that local time is ahead of UTC.
    public init(topology: Topology, directory: Directory, now: Timestamp, utcOffset: Int) {
        (self.topology, self.directory, self.now, self.utcOffset) = (topology, DirectoryAnswers(directory), now, utcOffset)
        table = RoutingTable(topology)
        // The same each time: among equal connectors, a test gets the same answer today and tomorrow.
        message = QueueID(value: 1)
    }

    /// - Throws: `Unanswerable` for names that the configuration or the directory does not have.
    public func explain(_ envelope: WrittenEnvelope) throws(Unanswerable) -> RouteExplanation {
        let origin = try origin(of: envelope)
        for name in envelope.down where !topology.connectors.contains(where: { $0.name == name }) {
            throw unanswerable(envelope, "there is no connector `\(name)`", topology.connectors.map(\.name))
        }
        let facts = RecipientFacts(
            origin: origin, reversePath: envelope.reversePath, recipient: envelope.recipient, size: envelope.size,
            priority: envelope.priority, isAutomatic: envelope.isAutomatic, message: message, time: time(of: envelope), utcOffset: utcOffset
        )
        do throws(DirectoryError) {
            var sender: DecisionTrace?
            if case .submission(let session) = origin, session.account != nil {
                let verdict = try table.decideSender(session, reversePath: envelope.reversePath, directory: directory)
                if let refusal = verdict.refusal {
                    return RouteExplanation(envelope: envelope, outcome: .refuse(refusal), traces: [verdict.trace])
                }
                sender = verdict.trace
            }
            let decision = try table.decide(facts, states: ConnectorStates(down: Set(envelope.down)), directory: directory)
            let explanation = RouteExplanation(
                envelope: envelope, outcome: decision.outcome, traces: (sender.map { [$0] } ?? []) + [decision.trace])
            guard explanation.refusal == nil else { return explanation }
            return RouteExplanation(
                envelope: envelope, outcome: decision.outcome, traces: explanation.traces,
                notes: notes(on: facts, explanation, isLoggedIn: sender != nil))
        } catch {
            throw Unanswerable(location: envelope.location, reason: "\(error)")
        }
    }

    /// What the verdict cannot know: an acceptance is no promise where the message itself has not been told.
    private func notes(on facts: RecipientFacts, _ explanation: RouteExplanation, isLoggedIn: Bool) -> [String] {
        var notes: [String] = []
        for step in explanation.traces.flatMap(\.steps) {
            guard case .chosen(_, .spread(let count), _) = step.finding else { continue }
            notes.append("one of \(count) equal connectors: another message may go over another of them")
            break
        }
        let contents = explanation.candidates.compactMap { topology.connector(named: $0)?.content }
        let any = ContentRestrictions.none
        let unsaid = [
            facts.size == nil && contents.contains { $0.maximumSize != nil } ? "size" : nil,
            facts.priority == nil && contents.contains { $0.priorities != any.priorities } ? "priority" : nil,
            facts.isSystem == nil && contents.contains { $0.types != any.types } ? "kind" : nil,
        ].compactMap(\.self)
        if !unsaid.isEmpty {
            notes.append("the \(unsaid.joined(separator: " and ")) of the message is not told here, and may forbid it or lead another way")
        }
        if isLoggedIn, topology.permissions.checksHeader {
            notes.append("`check_header`: the addresses in From are looked at when the message is there")
        }
        return notes
    }

    private func origin(of envelope: WrittenEnvelope) throws(Unanswerable) -> MailOrigin {
        guard let server = topology.virtualServers.first(where: { $0.name == envelope.via }) else {
            throw unanswerable(envelope, "there is no virtual server `\(envelope.via)`", topology.virtualServers.map(\.name))
        }
        if server.isEdge {
            if let account = envelope.account {
                throw unanswerable(envelope, "nobody logs in at `\(server.name)`, an edge server, and so not \(account)")
            }
            return .edge(
                EdgeSession(virtualServer: server.name, clientAddress: envelope.client, confirmedHostName: envelope.clientName))
        }
        return .submission(
            SubmissionSession(
                virtualServer: server.name, clientAddress: envelope.client, confirmedHostName: envelope.clientName,
                account: try account(of: envelope)))
    }

    /// By the mailbox's address, as a login gives it.
    private func account(of envelope: WrittenEnvelope) throws(Unanswerable) -> EmailAddress? {
        guard let account = envelope.account else { return nil }
        do throws(DirectoryError) {
            if let entry = try directory.directory.resolve(address: account), entry.kind == .user { return entry.address }
        } catch {
            throw Unanswerable(location: envelope.location, reason: "\(error)")
        }
        throw unanswerable(envelope, "there is no user \(account) who could be logged in")
    }

    private func unanswerable(_ envelope: WrittenEnvelope, _ reason: String, _ known: [String] = []) -> Unanswerable {
        let shown = known.prefix(20).joined(separator: ", ") + (known.count > 20 ? ", …" : "")
        return Unanswerable(location: envelope.location, reason: reason + (known.isEmpty ? "" : " (there is: \(shown))"))
    }

    /// The moment that is meant, today or within the next seven days.
    private func time(of envelope: WrittenEnvelope) -> Timestamp {
        guard let moment = envelope.moment else { return now }
        let week = 7 * 86_400
        // 1 January 1970 was a Thursday.
        let today = ((Int(now.seconds) + utcOffset + 3 * 86_400) % week + week) % week
        let wanted = (moment.day.rawValue - 1) * 86_400 + moment.minute * 60
        return Timestamp(seconds: now.seconds + Int64((wanted - today + week) % week))
    }
}
