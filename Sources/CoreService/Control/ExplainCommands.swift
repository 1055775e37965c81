import CoreLink
import MailVocabulary
import MessageQueue
import NIOCore
import Routing

/// `postern explain refusal` and `postern explain message`: what only the running core knows.
extension ControlSession {
    /// Refusals that are told at most.
    private static let mostRefusals = 1000

    /// The rules of a code, how often they refused, and the latest of these refusals.
    func explainRefusal(_ arguments: [String]) {
        guard arguments.count == 2, let asked = RefusalCode(parsing: arguments[0]) else {
            return refuse(.usage("'\(arguments.first ?? "")' is not the code of a refusal (such as R-7f3k2-ab)"))
        }
        guard let count = Int(arguments[1]), (0...Self.mostRefusals).contains(count) else {
            return refuse(.usage("'\(arguments[1])' is not a number from 0 to \(Self.mostRefusals)"))
        }
        let ours = core.routing.installation
        if let other = asked.installation, other != ours {
            return refuse(
                .absent(
                    "\(asked) is the code of another installation: those of \(core.topology.hostname) end in -\(ours). This server knows nothing of "
                        + "it; the one that refused does. (If this one did under another hostname, ask for \(asked.withoutInstallation).)"))
        }
        let isOfAny = asked.installation == nil
        let code = asked.assumed(of: ours)
        let rules = core.routing.rules(of: code)
        let times = core.refusals.count(of: code)
        guard !rules.isEmpty || times > 0 else {
            return refuse(
                .absent(
                    "no rule of this configuration has the code \(code), and none has refused with it since the core started"
                        + (isOfAny ? "; without its end -\(ours) it may be another installation's" : "")))
        }
        var object = JSONObject()
        object.add("code", "\(code)")
        if isOfAny { object.add("note", "the code was given without its end -\(ours): it may be another installation's") }
        object.add(
            "rules",
            objects: rules.map { rule in
                var object = JSONObject()
                object.add("rule", rule.rule)
                object.add("path", rule.path)
                object.add(place: rule.location)
                return object
            })
        object.add("revision", core.topology.revision)
        object.add("count", times)
        object.add("since", "\(core.startedAt)")
        connection.send(.object(object.text))
        for record in core.refusals.latest(count, of: code) { connection.send(.object(Self.object(of: record).text)) }
        done()
    }

    private static func object(of record: RefusalLog.Record) -> JSONObject {
        var object = JSONObject()
        object.add("time", "\(record.time)")
        switch record.origin {
        case .edge(let session): object.add(session.virtualServer, session.clientAddress, session.confirmedHostName, nil)
        case .submission(let session):
            object.add(session.virtualServer, session.clientAddress, session.confirmedHostName, session.account)
        case .system: break
        }
        if let from = record.reversePath { object.add("from", "\(from)") }
        if let to = record.recipient { object.add("to", "\(to)") }
        if let size = record.size { object.add("size", size) }
        object.add("reply", "\(record.reply)")
        object.add("omitted_steps", record.omitted)
        object.add("trace", objects: record.steps.map(JSONObject.init(step:)))
        return object
    }

    /// The way of each recipient that is left: as it was decided when the message came in, and as it would be decided now with the facts that
    /// the queue has.
    func explainMessage(_ arguments: [String]) {
        guard arguments.count == 1, let id = QueueID(parsing: arguments[0]) else {
            return refuse(.usage("'\(arguments.first ?? "")' is not a queue id (eleven letters and digits)"))
        }
        core.queue.message(id).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .failure(let error): refuse(.failed("the queue cannot be read: \(error)"))
            case .success(nil): refuse(.absent("there is no message \(id) in the queue"))
            case .success(let message?):
                let decided = message.decided.flatMap(DecisionRecord.read)
                for recipient in message.recipients.prefix(Self.mostRecipients) {
                    do {
                        var object = try object(of: recipient, in: message)
                        let address = "\(recipient.writtenTo ?? recipient.recipient.address)"
                        object.add("received_at", "\(message.head.receivedAt)")
                        object.add("decided_revision", decided?.revision)
                        object.add(
                            "decided",
                            objects: decided?.entries.filter { $0.recipient == address }.flatMap(\.steps).map(JSONObject.init(entry:)) ?? []
                        )
                        connection.send(.object(object.text))
                    } catch {
                        return refuse(.failed("the directory cannot be read: \(error)"))
                    }
                }
                done()
            }
        }
    }

    /// Recipients that are decided about in one answer: the event loop has mail to see to.
    private static let mostRecipients = 100

    private func object(of recipient: StoredRecipient, in message: StoredMessage) throws -> JSONObject {
        let address = recipient.recipient.address
        let decision = try core.decideAgain(
            address, writtenTo: recipient.writtenTo, of: message, from: recipient.route.connector)
        var object = JSONObject()
        object.add("from", "\(message.head.sender.reversePath)")
        object.add("to", "\(address)")
        object.add("written_to", recipient.writtenTo.map { "\($0)" })
        object.add("connector", recipient.route.connector)
        object.add("next_hop", recipient.route.nextHop)
        object.add("revision", core.topology.revision)
        object.add("reply", decision.refusal.map { "\($0)" })
        object.add("new_connector", decision.routes.first?.connector)
        object.add("new_next_hop", decision.routes.first.map { "\($0.nextHop)" })
        object.add("trace", objects: decision.trace.steps.map(JSONObject.init(step:)))
        return object
    }
}
