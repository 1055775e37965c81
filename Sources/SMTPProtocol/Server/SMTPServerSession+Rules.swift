import MailVocabulary

// MARK: - Rules of the configuration, and who hears of refusals

extension SMTPServerSettings {
    /// The reply with the code of its rule, so that an administrator finds the line that says so; as it is where the rule has none.
    public func coded(_ reply: Reply, by rule: SessionRule) -> Reply {
        guard let code = refusalCodes[rule], let last = reply.lines.last else { return reply }
        return Reply(reply.code, reply.status, lines: reply.lines.dropLast() + ["\(last) [\(code)]"])
    }

    /// The rule whose code a reply of the session ends with.
    func rule(of reply: Reply) -> SessionRule? {
        guard let last = reply.lines.last, last.hasSuffix("]") else { return nil }
        return SessionRule.allCases.first { rule in refusalCodes[rule].map { last.hasSuffix("[\($0)]") } ?? false }
    }
}

extension SMTPServerSession {
    /// Tells the host of a reply that refuses; others are no news.
    ///
    /// - Parameters:
    ///   - sender: of the command, or of a transaction that is over; nil: that of the transaction, if one runs.
    ///   - recipient: the one that it is about.
    mutating func note(
        _ reply: Reply, from sender: EnvelopeSender? = nil, to recipient: EnvelopeRecipient? = nil, isOfTransaction: Bool? = nil,
        _ actions: inout [SMTPServerAction]
    ) {
        guard reply.code >= 400 else { return }
        let refusal = ServerRefusal(
            reply, by: settings.rule(of: reply), sender: sender ?? transaction?.sender, recipient: recipient,
            isOfTransaction: isOfTransaction ?? (sender == nil && transaction != nil))
        actions.append(.refused(refusal))
    }
}
