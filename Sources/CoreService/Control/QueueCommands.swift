import CoreLink
import MailVocabulary
import MessageQueue
import NIOCore

/// `postern queue list`, `show`, `release` and `delete`.
extension ControlSession {
    /// Rows asked for at a time: the whole queue may be a million.
    private static let page = 500

    func listQueue(_ arguments: [String]) {
        do { listQueue(try QueueFilter(arguments, defaultDomain: core.topology.defaultDomain), after: nil) } catch { refuse(error) }
    }

    private func listQueue(_ filter: QueueFilter, after last: (QueueID, UInt32)?) {
        let reading =
            filter.isRefusedOnly
            ? core.queue.heldEntries(after: last, limit: Self.page) : core.queue.entries(after: last, limit: Self.page)
        reading.assumeIsolated().whenComplete { [self] result in
            if isGone { return }
            switch result {
            case .failure(let error): refuse(.failed("the queue cannot be read: \(error)"))
            case .success(let entries):
                let view = QueueView(core.queue)
                for entry in entries where filter.admits(entry) { connection.send(.object(Self.object(of: entry, view).text)) }
                guard entries.count == Self.page, let last = entries.last else { return done() }
                connection.flush()
                whenWritable { [self] in listQueue(filter, after: (last.message, last.index)) }
            }
        }
    }

    /// A reader that does not read costs its own connection, not the core's memory.
    func whenWritable(_ body: @escaping () -> Void) {
        if isGone || connection.isWritable { return body() }
        connection.onWritable = { [self] in
            connection.onWritable = {}
            body()
        }
    }

    func showMessage(_ arguments: [String]) {
        guard arguments.count == 1, let id = QueueID(parsing: arguments[0]) else {
            return refuse(.usage("'\(arguments.first ?? "")' is not a queue id (eleven letters and digits)"))
        }
        core.queue.message(id).assumeIsolated().whenComplete { [self] result in
            switch result {
            case .failure(let error): refuse(.failed("the queue cannot be read: \(error)"))
            case .success(nil): refuse(.absent("there is no message \(id) in the queue"))
            case .success(let message?):
                for object in objects(of: message) { connection.send(.object(object.text)) }
                done()
            }
        }
    }

    private static func object(of entry: QueueEntry, _ view: QueueView) -> JSONObject {
        let standing = view.standing(
            message: entry.message, index: entry.index, connector: entry.connector, nextHop: entry.nextHop, receivedAt: entry.receivedAt,
            nextAttempt: entry.nextAttempt, lastError: entry.lastError, held: entry.held)
        var object = JSONObject()
        object.add("id", "\(entry.message)")
        object.add("state", standing.state.rawValue)
        object.add("reverse_path", entry.reversePath.address?.description ?? "")
        object.add("recipient", "\(entry.recipient)")
        object.add("written_to", entry.writtenTo.map { "\($0)" })
        object.add("connector", entry.connector)
        object.add("next_hop", entry.nextHop)
        object.add("received_at", "\(entry.receivedAt)")
        object.add("next_attempt_at", "\(standing.nextAttempt)")
        object.add("attempts", Int(entry.attempts))
        object.add("last_error", entry.lastError)
        if let held = entry.held { add(held, to: &object) }
        object.add("size", entry.size)
        return object
    }

    /// One object, or several where one would be longer than a frame may be: then each has the message, and some of its recipients.
    private func objects(of message: StoredMessage) -> [JSONObject] {
        let view = QueueView(core.queue)
        var objects: [JSONObject] = []
        var rows: [JSONObject] = []
        var octets = 0
        for recipient in message.recipients {
            let row = Self.row(of: recipient, message.head, view)
            if octets + row.text.utf8.count > Self.mostRowOctets {
                objects.append(Self.object(of: message, recipients: rows))
                (rows, octets) = ([], 0)
            }
            rows.append(row)
            octets += row.text.utf8.count + 1
        }
        objects.append(Self.object(of: message, recipients: rows))
        return objects
    }

    /// Well below `Frame.maximumLength`.
    private static let mostRowOctets = 128 * 1024

    private static func row(of recipient: StoredRecipient, _ head: MessageHead, _ view: QueueView) -> JSONObject {
        let standing = view.standing(
            message: head.id, index: recipient.index, connector: recipient.route.connector, nextHop: recipient.route.nextHop,
            receivedAt: head.receivedAt, nextAttempt: recipient.nextAttempt, lastError: recipient.lastError, held: recipient.held)
        var row = JSONObject()
        row.add("state", standing.state.rawValue)
        row.add("recipient", "\(recipient.recipient.address)")
        row.add("written_to", recipient.writtenTo.map { "\($0)" })
        row.add("connector", recipient.route.connector)
        row.add("next_hop", recipient.route.nextHop)
        row.add("next_attempt_at", "\(standing.nextAttempt)")
        row.add("attempts", Int(recipient.attempts))
        row.add("last_error", recipient.lastError)
        if let held = recipient.held { add(held, to: &row) }
        return row
    }

    private static func add(_ held: HeldReason, to object: inout JSONObject) {
        object.add("held_since", "\(held.since)")
        object.add("held_reason", held.reason)
    }

    private static func object(of message: StoredMessage, recipients: [JSONObject]) -> JSONObject {
        var object = JSONObject()
        object.add("id", "\(message.head.id)")
        object.add("received_at", "\(message.head.receivedAt)")
        object.add("reverse_path", message.head.sender.reversePath.address?.description ?? "")
        object.add("size", message.head.size)
        object.add("message_id", message.head.messageID)
        object.add("virtual_server", message.origin.virtualServer)
        object.add("client_address", message.origin.clientAddress?.description)
        object.add("client_name", message.origin.confirmedHostName?.text)
        object.add("helo", message.origin.helo)
        object.add("recipients", objects: recipients)
        return object
    }
}
