import ArgumentParser
import CoreLink

/// A list of aliases or groups.
struct EntryListing: ParsableArguments {
    @OptionGroup var file: ConfigurationOption
    @Flag(help: "JSON Lines: one object per address.") var json = false

    func run(_ command: ControlRequest.Command, member: String, none: String) async throws {
        let client = ControlClient(topology: try file.topology())
        if json { return try await client.run(ControlRequest(command)) { print($0) } }
        var table = TextTable("ADDRESS", "LEADS TO", "OUTSIDE")
        for line in try await client.objects(ControlRequest(command)) {
            let row = try Row(line)
            table.add(row.text("address"), row.text(member), row.flag("forward") ? "allowed" : "")
        }
        print(table.isEmpty ? none : table.text)
    }
}
