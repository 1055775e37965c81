import Topology

/// Connectors with the same address space stand in for each other: what one of them forbids goes over another that does not.
extension TopologyChecks {
    mutating func checkWaysRound() {
        var holders: [AddressSpace.Pattern: [Connector]] = [:]
        for connector in topology.connectors {
            for pattern in Set(connector.addressSpaces.map(\.pattern)) { holders[pattern, default: []].append(connector) }
        }
        // A connector may have several spaces with the same others: it is said once.
        var told: Set<[String]> = []
        for connector in topology.connectors {
            for space in connector.addressSpaces {
                let others = (holders[space.pattern] ?? []).filter { $0.name != connector.name }
                if others.isEmpty { continue }
                warnOfSenders(connector, others, &told)
                warnOfContent(connector, others, &told)
            }
        }
    }

    // MARK: S24

    private mutating func warnOfSenders(_ connector: Connector, _ others: [Connector], _ told: inout Set<[String]>) {
        let restrictions = connector.restrictions
        // Whose they are is warned of there.
        guard restrictions.sameAs == nil else { return }
        if restrictions.byDefault == .reject {
            // Who writes `default: accept` means it.
            let open = others.filter {
                $0.restrictions.byDefault == .accept && value("connectors", $0.name, "restrictions", "default") == nil
            }
            if let first = open.first, told.insert(["default", connector.name, first.name]).inserted {
                warn(
                    first, "restrictions",
                    "whoever is not accepted by \(connector.name) (line \(restrictions.location.line)) may send over "
                        + Self.list(open), same: connector)
            }
            return
        }
        for (passed, other) in others.lazy.map({ (Self.rejected(by: restrictions, butNotBy: $0.restrictions), $0) }) {
            guard let first = passed.first else { continue }
            if !told.insert(["reject", connector.name, other.name]).inserted { return }
            let more = passed.count > 3 ? " and \(passed.count - 3) more" : ""
            warn(
                other, "restrictions",
                passed.prefix(3).map { "\($0)" }.joined(separator: ", ") + more + (passed.count == 1 ? " is" : " are")
                    + " rejected by \(connector.name) (line \(first.location.line)) but may send over " + Self.list([other]),
                same: connector)
            return
        }
    }

    private static func rejected(by restrictions: Restrictions, butNotBy others: Restrictions) -> [Principal] {
        // Whom the other one accepts by name only, it does not accept by accident.
        guard others.byDefault == .accept, !restrictions.rejectFrom.isEmpty else { return [] }
        let kinds = Set(others.rejectFrom.map(\.kind))
        return restrictions.rejectFrom.filter { !kinds.contains($0.kind) }
    }

    // MARK: E15

    private mutating func warnOfContent(_ connector: Connector, _ others: [Connector], _ told: inout Set<[String]>) {
        let content = connector.content
        guard content.sameAs == nil else { return }
        let any = ContentRestrictions.none
        var kinds = content.maximumSize.map { ["over \($0)"] } ?? []
        kinds += ContentRestrictions.Priority.allCases.filter { !content.priorities.contains($0) }.map { "of \($0.rawValue) priority" }
        kinds += any.types.subtracting(content.types).map { $0 == .system ? "of programs" : "of people" }
        // Who writes `content` means it, though it be `{ maximum_size: none }`.
        let open = others.filter { value("connectors", $0.name, "content") == nil }
        guard !kinds.isEmpty, let first = open.first, told.insert(["content", connector.name, first.name]).inserted else { return }
        warn(
            first, "content",
            "messages \(kinds.joined(separator: " and ")) do not go over \(connector.name) (line \(content.location.line)) but may go over "
                + Self.list(open), same: connector)
    }

    // MARK: Words

    /// `general-backup (line 24)`, and how many more.
    private static func list(_ connectors: [Connector]) -> String {
        let first = connectors.prefix(1).map { "\($0.name) (line \($0.location.line))" }.joined()
        return connectors.count > 1 ? "\(first) and \(connectors.count - 1) more" : first
    }

    private mutating func warn(_ connector: Connector, _ key: String, _ sentence: String, same other: Connector) {
        let place = place("connectors", connector.name, key)
        report.warning(
            place.location, "connectors.\(connector.name).\(key)", "\(sentence): `\(key): { same_as: \(other.name) }` forbids it there, too"
        )
    }
}
