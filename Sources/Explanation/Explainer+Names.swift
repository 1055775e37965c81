import Directory
import MailVocabulary
import Topology

/// What names are, without a message.
extension Explainer {
    /// Where an address leads.
    ///
    /// - Throws: `Unanswerable` where the directory cannot be read.
    public func recipient(_ address: EmailAddress) throws(Unanswerable) -> [String] {
        do throws(DirectoryError) {
            if let expansion = try directory.directory.expand(address) { return aliasLines(of: address) + RecipientTree(expansion).lines }
        } catch {
            throw Unanswerable(location: .builtIn, reason: "\(error)")
        }
        guard let domain = address.domain.name else { return ["\(address) is an address literal, which is never ours"] }
        return ["\(address) is not in the directory"] + self.domain(domain)
    }

    private func aliasLines(of address: EmailAddress) -> [String] {
        guard let name = address.domain.name, let alias = topology.domainAliases[name] else { return [] }
        return ["\(alias.name) is an alias of \(alias.target)  \(alias.location)"]
    }

    /// Whether a domain is ours, and which connectors carry mail for it.
    public func domain(_ domain: DomainName) -> [String] {
        if let alias = topology.domainAliases[domain] {
            return ["\(domain) is an alias of \(alias.target), and its addresses are those  \(alias.location)"] + self.domain(alias.target)
        }
        var lines: [String] = []
        if let ours = topology.domains[domain] {
            lines.append("\(domain) is one of our domains  \(ours.location)")
            switch ours.kind {
            case .authoritative: lines.append("    authoritative: who is not in the directory does not exist")
            case .shared(nil): lines.append("    shared: who is not in the directory goes on by routing")
            case .shared(let host?): lines.append("    shared: who is not in the directory goes on to \(host)")
            }
        } else {
            lines.append("\(domain) is none of our domains: whoever sends there needs permission to relay")
        }
        let carriers = topology.connectors(covering: domain).compactMap { connector in
            connector.addressSpaces.filter { $0.pattern.covers(domain) }.max { $0.pattern.length < $1.pattern.length }
                .map { (connector: connector, space: $0) }
        }
        for (connector, space) in carriers.sorted(by: { $0.space.cost < $1.space.cost }) {
            lines.append("connector \(connector.name)  \(space.location)")
            lines.append(
                "    address space `\(space.pattern)`, cost \(space.cost)" + (connector.relay ? ", open to strangers (`relay: true`)" : ""))
        }
        if carriers.isEmpty { lines.append("no connector has an address space that covers \(domain)") }
        return lines
    }
}

extension AddressSpace.Pattern {
    fileprivate func covers(_ domain: DomainName) -> Bool {
        switch self {
        case .any: true
        case .exact(let name): name == domain
        case .below(let name): domain.text.hasSuffix("." + name.text)
        }
    }

    /// The longer, the more specific.
    fileprivate var length: Int { description.utf8.count }
}
