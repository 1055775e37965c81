import ArgumentParser
import CoreLink
import Foundation

/// A list of aliases or groups.
struct EntryListing: ParsableArguments {
    @OptionGroup var file: ConfigurationOption
    @Flag(help: "JSON Lines: one object per address.") var json = false

    func run(_ command: ControlRequest.Command, member: String, none: String) async throws {
        let entries = ListedEntry.entries(
            try await ControlClient(file).objects(ControlRequest(command)).map { try Row($0) }, member: member)
        if json {
            for entry in entries { StandardOutput.printJSON(try entry.json(member: member)) }
            return
        }
        var table = TextTable("ADDRESS", "LEADS TO", "OUTSIDE")
        for entry in entries { table.add(entry.address, entry.targets.joined(separator: ", "), entry.forward ? "allowed" : "") }
        table.finish()
        if table.isEmpty { StandardOutput.print(none) }
    }
}

/// An alias or group: the core tells a large one in several objects, one after the other.
struct ListedEntry: Equatable {
    let address: String
    var targets: [String]
    let forward: Bool

    /// - Parameter member: the name of the list of targets or members.
    static func entries(_ rows: [Row], member: String) -> [ListedEntry] {
        var entries: [ListedEntry] = []
        for row in rows {
            if let last = entries.indices.last, entries[last].address == row.value("address") {
                entries[last].targets += row.list(member)
            } else {
                entries.append(ListedEntry(address: row.value("address"), targets: row.list(member), forward: row.flag("forward")))
            }
        }
        return entries
    }

    func json(member: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        func text(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
        return "{\"address\":\(try text(address)),\"\(member)\":\(try text(targets)),\"forward\":\(forward)}"
    }
}
