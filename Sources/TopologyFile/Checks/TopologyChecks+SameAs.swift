import Topology

/// `restrictions: { same_as: … }` and `content: { same_as: … }`.
extension TopologyChecks {
    mutating func checkSameAs(of connector: Connector, _ path: String) {
        for key in ["restrictions", "content"] {
            guard let table = value("connectors", connector.name, key), let entry = table.entry("same_as"), let name = entry.value.text
            else {
                continue
            }
            for other in table.entries where other.key != "same_as" {
                report.error(
                    other.keyLocation, "\(path).\(key).\(other.key)", "`same_as` stands alone: all of it is taken from connector `\(name)`",
                    accepted: "`same_as`, or the other keys without it")
            }
            checkReference(name, key, from: connector, entry.value)
        }
    }

    private mutating func checkReference(_ name: String, _ key: String, from connector: Connector, _ value: Value) {
        let others = (root["connectors"]?.entries ?? []).map(\.key).filter { $0 != connector.name }
        let shown = others.prefix(20).joined(separator: ", ") + (others.count > 20 ? ", …" : "")
        let accepted = others.isEmpty ? "no `same_as`: there is no other connector" : shown
        guard name != connector.name else {
            return report.error(value.location, value.path, "`\(name)` is this connector itself", accepted: accepted)
        }
        guard others.contains(name) else {
            let guess = TopologyFile.nearest(to: name, among: others).map { "; did you mean `\($0)`?" } ?? ""
            return report.error(value.location, value.path, "there is no connector `\(name)`\(guess)", accepted: accepted)
        }
        guard let table = self.value("connectors", name, key) else {
            return report.warning(value.location, value.path, "connector `\(name)` has no `\(key)`: this has no effect")
        }
        if let next = table.entry("same_as") {
            report.error(
                value.location, value.path,
                "connector `\(name)` has that of `\(next.value.text ?? "")` itself (line \(next.keyLocation.line)), and `same_as` is not followed twice",
                accepted: "a connector that writes its own `\(key)`")
        }
    }
}
