import MailVocabulary
import Topology

/// The address spaces of a topology, found by domain (rule 3).
///
/// Exact before suffix, longer suffix before shorter, any before nothing: at most one look-up per label.
struct AddressSpaceIndex: Sendable {
    /// A connector with one of its spaces.
    struct Candidate: Sendable {
        /// The connector's index in the routing table.
        let connector: Int
        let cost: Int
        let location: SourceLocation
    }

    /// All connectors with the same space, lowest cost first, in the order of the configuration among equals.
    final class Space: Sendable {
        let text: String
        let candidates: [Candidate]
        /// Of the candidates, for the trace.
        let names: [String]

        fileprivate init(text: String, candidates: [Candidate], names: [String]) {
            (self.text, self.candidates, self.names) = (text, candidates, names)
        }
    }

    private var exact: [DomainName: Space] = [:]
    /// By the name below which they match: `*.fabrikam.example` by `fabrikam.example`.
    private var suffixes: [DomainName: Space] = [:]
    private(set) var any: Space?

    init(_ connectors: [Connector]) {
        var spaces: [AddressSpace.Pattern: [Candidate]] = [:]
        for (index, connector) in connectors.enumerated() {
            for space in connector.addressSpaces {
                spaces[space.pattern, default: []].append(Candidate(connector: index, cost: space.cost, location: space.location))
            }
        }
        for (pattern, candidates) in spaces {
            // The sort is stable.
            let sorted = candidates.sorted { $0.cost < $1.cost }
            let space = Space(
                text: pattern.description, candidates: sorted, names: sorted.map { connectors[$0.connector].name })
            switch pattern {
            case .exact(let name): exact[name] = space
            case .below(let name): suffixes[name] = space
            case .any: any = space
            }
        }
    }

    /// The most specific space that matches; nil where nothing covers the domain. Address literals are covered by `*` only.
    func mostSpecific(for domain: MailDomain) -> Space? {
        guard case .name(let name) = domain else { return any }
        if let space = exact[name] { return space }
        guard !suffixes.isEmpty else { return any }
        var ancestor = name.parent
        while let current = ancestor {
            if let space = suffixes[current] { return space }
            ancestor = current.parent
        }
        return any
    }
}
