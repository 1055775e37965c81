import ArgumentParser
import TopologyFile

/// `postern directory`
struct DirectoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "directory", abstract: "Users, aliases and groups as a whole.", subcommands: [Export.self, Import.self])

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print users, aliases and groups as YAML.",
            discussion: """
                The form that --directory of `postern explain` and `postern test` reads. It holds no passwords and no login names.
                """)

        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            StandardOutput.print(try await RunningDirectory.document(try ControlClient(file)).yaml, terminator: "")
        }
    }
}
