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
    struct Space: Sendable {
        let text: String
        private(set) var candidates: [Candidate] = []

        init(text: String) { self.text = text }

        fileprivate mutating func insert(_ candidate: Candidate) {
            let place = candidates.firstIndex { $0.cost > candidate.cost } ?? candidates.count
            candidates.insert(candidate, at: place)
        }
    }

    private var exact: [DomainName: Space] = [:]
    /// By the name below which they match: `*.fabrikam.example` by `fabrikam.example`.
    private var suffixes: [DomainName: Space] = [:]
    private var any: Space?

    /// - Parameter connector: its index in the routing table.
    mutating func insert(_ space: AddressSpace, connector: Int) {
        let candidate = Candidate(connector: connector, cost: space.cost, location: space.location)
        let empty = Space(text: space.pattern.description)
        switch space.pattern {
        case .exact(let name): exact[name, default: empty].insert(candidate)
        case .below(let name): suffixes[name, default: empty].insert(candidate)
        case .any:
            var space = any ?? empty
            space.insert(candidate)
            any = space
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
