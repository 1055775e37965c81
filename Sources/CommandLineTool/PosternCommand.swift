import ArgumentParser
import ServiceRuntime

/// `postern`: everything an administrator does.
public struct PosternCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "postern",
        abstract: "Postern, a mail transfer system that explains its decisions.",
        discussion: """
            Every subcommand reads the configuration from --config F; without it, from $POSTERN_CONFIG or /etc/postern/postern.yaml. \
            `postern help SUBCOMMAND` says more about one of them.
            """,
        version: PosternVersion.text,
        // Hidden: `make install` calls the one, `postern up --sandbox` the other.
        subcommands: [ManualCommand.self, ConfineCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Run:",
                subcommands: [
                    UpCommand.self, ReloadCommand.self, StatusCommand.self, HealthCommand.self, MetricsCommand.self, RecoverCommand.self,
                ]),
            CommandGroup(
                name: "Configuration:",
                subcommands: [
                    CheckCommand.self, TestCommand.self, DiffCommand.self, ExplainCommand.self, InitCommand.self, SchemaCommand.self,
                    CertificateCommand.self,
                ]),
            CommandGroup(name: "Mail:", subcommands: [QueueCommand.self, ProbeCommand.self, DNSCommand.self]),
            CommandGroup(
                name: "People:",
                subcommands: [
                    UserCommand.self, CredentialCommand.self, AliasCommand.self, GroupCommand.self, DirectoryCommand.self,
                ]),
        ])

    public init() {}
}

/// Where the configuration is; the same for every subcommand that needs it.
struct ConfigurationOption: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    /// The file to read.
    var path: String { config ?? Environment.variable("POSTERN_CONFIG") ?? "/etc/postern/postern.yaml" }
}
