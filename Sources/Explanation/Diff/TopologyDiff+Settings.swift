import MailVocabulary
import Topology

/// What decides nothing about a recipient, and is a change for mail all the same: whom a virtual server talks to and what it takes, where and
/// how a connector hands mail over.
extension TopologyDiff {
    /// A setting that both configurations have, with another value.
    public struct Setting: Sendable {
        /// `connector general: deliver`, `virtual server internet: message size`.
        public let what: String
        /// `rule` is the place alone.
        public let before: Side
        public let after: Side
        /// False: it is read, and this version does nothing with it yet.
        public let isActive: Bool

        init(what: String, before: Side, after: Side, isActive: Bool = true) {
            (self.what, self.before, self.after, self.isActive) = (what, before, after, isActive)
        }
    }

    static func settings(from old: Topology, to new: Topology) -> [Setting] {
        var found = differences("", aspects(of: old), old.source, aspects(of: new), new.source)
        if old.postmaster?.address != new.postmaster?.address {
            func side(_ topology: Topology) -> Side {
                Side(
                    outcome: topology.postmaster.map { "\($0.address)" } ?? "nobody",
                    rule: topology.postmaster.map { "\($0.location)" } ?? topology.source)
            }
            found.append(Setting(what: "postmaster", before: side(old), after: side(new)))
        }
        found += domains(old, new)
        for server in old.virtualServers {
            guard let other = new.virtualServer(named: server.name) else { continue }
            found += differences(
                "virtual server \(server.name): ", aspects(of: server), "\(server.location)", aspects(of: other), "\(other.location)")
        }
        for connector in old.connectors {
            guard let other = new.connector(named: connector.name) else { continue }
            found += differences(
                "connector \(connector.name): ", aspects(of: connector, in: old), "\(connector.location)", aspects(of: other, in: new),
                "\(other.location)")
        }
        return found + connectors(old, new) + orders(old, new)
    }

    /// Domains of ours that are more, fewer, or of another kind.
    private static func domains(_ old: Topology, _ new: Topology) -> [Setting] {
        let names = [old, new].flatMap { Array($0.domains.keys) + Array($0.domainAliases.keys) }
        return Set(names).sorted().compactMap { name in
            let (one, two) = (old.domains[name], new.domains[name])
            if case .shared(let host?) = one?.kind, case .shared(let other?) = two?.kind {
                guard "\(host)" != "\(other)" else { return nil }
                return Setting(
                    what: "unknown recipients of \(name)", before: Side(outcome: "\(host)", rule: "\(host.location)"),
                    after: Side(outcome: "\(other)", rule: "\(other.location)"))
            }
            func side(_ topology: Topology) -> Side {
                if let alias = topology.domainAliases[name] { return Side(outcome: "alias of \(alias.target)", rule: "\(alias.location)") }
                let domain = topology.domains[name]
                return Side(outcome: text(of: domain?.kind), rule: domain.map { "\($0.location)" } ?? "")
            }
            let (before, after) = (side(old), side(new))
            return before.outcome == after.outcome ? nil : Setting(what: "domain \(name)", before: before, after: after)
        }
    }

    /// Connectors that only one of the two has.
    private static func connectors(_ old: Topology, _ new: Topology) -> [Setting] {
        func side(_ connector: Connector?) -> Side {
            guard let connector else { return Side(outcome: "there is none", rule: "") }
            let spaces = connector.addressSpaces.map { "`\($0.pattern)` at cost \($0.cost)" }.joined(separator: ", ")
            return Side(outcome: "covers \(spaces), \(text(of: connector.deliver))", rule: "\(connector.location)")
        }
        let gone = old.connectors.filter { new.connector(named: $0.name) == nil }
        let added = new.connectors.filter { old.connector(named: $0.name) == nil }
        return gone.map { Setting(what: "connector \($0.name)", before: side($0), after: side(nil)) }
            + added.map { Setting(what: "connector \($0.name)", before: side(nil), after: side($0)) }
    }

    /// Equal connectors are turned for each message from the order of the file: another order sends other messages over each, though as many.
    private static func orders(_ old: Topology, _ new: Topology) -> [Setting] {
        struct Place: Hashable {
            let pattern: AddressSpace.Pattern
            let cost: Int
        }
        func names(_ topology: Topology) -> [Place: [String]] {
            var names: [Place: [String]] = [:]
            for connector in topology.connectors {
                for space in connector.addressSpaces {
                    names[Place(pattern: space.pattern, cost: space.cost), default: []].append(connector.name)
                }
            }
            return names
        }
        let groups = names(new).filter { $0.value.count > 1 }
        return names(old).filter { $0.value.count > 1 }.sorted {
            ("\($0.key.pattern)", $0.key.cost) < ("\($1.key.pattern)", $1.key.cost)
        }.compactMap { place, names in
            // The cost may be another: what is equal stays equal.
            let turned = groups.first { other, others in
                other.pattern == place.pattern && names.filter(others.contains) != others.filter(names.contains)
            }
            guard let others = turned?.value else { return nil }
            return Setting(
                what: "address space `\(place.pattern)`: which of the equal connectors a message begins with",
                before: Side(outcome: names.joined(separator: ", "), rule: old.source),
                after: Side(outcome: others.joined(separator: ", "), rule: new.source))
        }
    }

    /// - Parameters: the same keys in the same order on both sides, and where they stand.
    private static func differences(
        _ name: String, _ before: [Aspect], _ place: String, _ after: [Aspect], _ otherPlace: String
    ) -> [Setting] {
        zip(before, after).filter { $0.text != $1.text }.map { before, after in
            Setting(
                what: name + before.key, before: Side(outcome: before.text, rule: place),
                after: Side(outcome: after.text, rule: otherPlace),
                isActive: !inactive.contains(before.key))
        }
    }

    /// What is read and checked, and acts in no way yet.
    private static let inactive: Set<String> = ["schedule"]
}
