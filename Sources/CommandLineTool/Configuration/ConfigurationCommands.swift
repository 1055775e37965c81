import ArgumentParser
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile

extension ConfigurationOption {
    /// Reads the configuration; ends the command with every error in it.
    func topology() throws -> Topology {
        switch TopologyFile.load(path: path) {
        case .loaded(let topology, _): return topology
        case .failed(let findings):
            for finding in findings { Environment.printError("\(finding)") }
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
    }
}

/// `postern check`
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read the configuration and say everything that is wrong with it.",
        discussion: """
            Errors keep the daemons from starting. Warnings point at what works but hardly as meant, or can never matter. Notices name the
            settings that are understood and not yet active. Exit status 0 without errors, 78 with errors.
            """)

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "JSON Lines: one object per finding.") var json = false

    func run() throws {
        let result = TopologyFile.load(path: file.path)
        for finding in result.findings { print(json ? FindingJSON(finding).text : "\(finding)") }
        guard result.topology != nil else { throw ExitCode(ExitStatus.configuration.rawValue) }
        if !json { Environment.printError("\(file.path): no errors") }
    }
}

/// `postern init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first configuration.",
        discussion: "Writes to standard output, or to --config F if there is no such file yet.")

    @Option(help: "The domain to receive mail for.") var domain: String
    @Option(help: "Send all other mail through this host.") var smartHost: String?
    @Option(name: .long, help: ArgumentHelp("The file to write.", valueName: "file")) var config: String?

    func run() throws {
        guard let domain = DomainName(parsing: domain) else { throw ValidationError("'\(domain)' is not a domain name") }
        guard let text = TopologyFile.initialFile(domain: domain, smartHost: smartHost) else {
            throw ValidationError("'\(smartHost ?? "")' is not a host (accepted: a name, or [address], with :port if need be)")
        }
        guard let config else { return print(text, terminator: "") }
        try NewFile.write(text, to: config)
        Environment.printError("wrote \(config); `postern check --config \(config)` says what it thinks of it")
    }
}

/// `postern schema`
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the configuration, for editors that complete YAML.")

    func run() { print(TopologyFile.jsonSchema()) }
}
