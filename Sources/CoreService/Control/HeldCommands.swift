import MailVocabulary
import MessageQueue

/// `postern queue release` and `postern queue delete`: one object for each message, with what became of its recipients.
extension ControlSession {
    func releaseHeld(_ arguments: [String]) {
        act(on: arguments) { [self] selections, completion in
            core.held.release(
                selections, answer: { [self] in tell($0) }, pace: { [self] in whenWritable($0) }, completion: completion)
        }
    }

    func deleteMail(_ arguments: [String]) {
        act(on: arguments) { [self] selections, completion in
            core.held.delete(
                selections, by: account, answer: { [self] in tell($0) }, pace: { [self] in whenWritable($0) }, completion: completion)
        }
    }

    private func act(on arguments: [String], _ body: ([HeldSelection], @escaping (HeldEnd) -> Void) -> Void) {
        let selections: [HeldSelection]
        do { selections = try Self.selections(arguments) } catch { return refuse(error) }
        body(selections) { [self] end in
            if isGone { return }
            switch end {
            case .done: done()
            case .tooMany: refuse(ControlRefusal(message: "too many such commands are waiting; try again in a moment", exitCode: 75))
            case .failed(let why): refuse(.failed("the queue cannot be read: \(why)"))
            }
        }
    }

    /// It goes on where nobody listens any more: it was asked for.
    private func tell(_ answer: HeldAnswer) {
        if isGone { return }
        connection.send(.object(answer.object.text))
        connection.flush()
    }

    /// Queue ids, or `--refused` alone.
    private static func selections(_ arguments: [String]) throws(ControlRefusal) -> [HeldSelection] {
        if arguments == ["--refused"] { return [.refused] }
        guard !arguments.isEmpty else { throw .usage("name queue ids, or --refused for all mail that the configuration refuses") }
        var found: [HeldSelection] = []
        for word in arguments {
            guard let id = QueueID(parsing: word) else { throw .usage("'\(word)' is not a queue id (eleven letters and digits)") }
            if !found.contains(.message(id)) { found.append(.message(id)) }
        }
        return found
    }
}
