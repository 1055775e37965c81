import MailVocabulary

// MARK: - Rules of the configuration

extension SMTPServerSettings {
    /// The reply with the code of its rule, so that an administrator finds the line that says so; as it is where the rule has none.
    public func coded(_ reply: Reply, by rule: SessionRule) -> Reply {
        guard let code = refusalCodes[rule], let last = reply.lines.last else { return reply }
        return Reply(reply.code, reply.status, lines: reply.lines.dropLast() + ["\(last) [\(code)]"])
    }
}

extension SMTPServerSession {
    /// The same; and the host hears of it.
    mutating func coded(_ reply: Reply, by rule: SessionRule, from sender: EnvelopeSender?, _ actions: inout [SMTPServerAction]) -> Reply {
        guard settings.refusalCodes[rule] != nil else { return reply }
        let coded = settings.coded(reply, by: rule)
        actions.append(.refused(coded, by: rule, from: sender))
        return coded
    }
}
