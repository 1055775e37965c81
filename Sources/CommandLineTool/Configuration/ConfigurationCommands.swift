import ArgumentParser
import Explanation
import Foundation
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile

extension ConfigurationOption {
    /// Reads the configuration; ends the command with every error in it.
    ///
    /// - Parameters:
    ///   - files: whose files must be there.
    ///   - surroundings: the network that its listeners stand in.
    func topology(files: FilesToCheck = .ofAll(reader: nil), surroundings: NetworkSurroundings = .ignored) throws -> Topology {
        try Self.topology(path: path, files: files, surroundings: surroundings)
    }

    /// The same of a file that is no option.
    static func topology(path: String, files: FilesToCheck, surroundings: NetworkSurroundings = .ignored) throws -> Topology {
        switch TopologyFile.load(path: path, files: files, surroundings: surroundings) {
        case .loaded(let topology, _): return topology
        case .failed(let findings):
            for finding in findings { Environment.printError(finding.text) }
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
    }
}

/// `postern check`
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read the configuration and say everything that is wrong with it.",
        discussion: """
            Errors keep the daemons from starting, or a part of what is configured from working. Warnings point at what works but hardly as \
            meant, or can never matter. Notices name the settings that are understood and not yet active. Exit status 0 without errors, 78 with errors.

            Files that it names are read, where this account may: keys, certificates, passwords and keytabs that are none are errors, and a \
            secret that belongs to another account than root's and its reader's is a warning.

            The directory is looked at, too, where a core runs or --directory names a file. A warning points at each name in the configuration \
            that no user or group has, and at aliases and groups that lead to more than 1000 addresses and that strangers may write to.
            """)

    @OptionGroup var file: ConfigurationOption
    @Option(
        help: ArgumentHelp(
            "Users, aliases and groups out of this YAML file; without it, out of the running core, if there is one.", valueName: "file"))
    var directory: String?
    @Flag(help: "JSON Lines: one object per finding.") var json = false

    func run() async throws {
        let result = TopologyFile.load(
            path: file.path, files: .ofAll(reader: nil), surroundings: .ofThisProcess(), inspection: ConfiguredFiles.inspection)
        say(result.findings)
        guard let topology = result.topology else { throw ExitCode(ExitStatus.configuration.rawValue) }
        say(try await directoryFindings(topology))
        if !json { Environment.printError("\(file.path): no errors") }
    }

    private func say(_ findings: [Finding]) {
        for finding in findings {
            if json { StandardOutput.printJSON(FindingJSON(finding).text) } else { StandardOutput.print(finding.text) }
        }
    }

    private func directoryFindings(_ topology: Topology) async throws -> [Finding] {
        if let directory {
            return try Reporting.of {
                let document = try CompanionFile.directory(path: directory, defaultDomain: topology.defaultDomain)
                return NamesWithoutEntry.findings(in: document, topology: topology)
                    + (try LargeRecipients.findings(in: document, of: directory, topology: topology, isOfRunningCore: false))
            }
        }
        // A configuration is also checked before anything runs by it, and by accounts that may not ask the core.
        let client = try ControlClient(file, saysFindings: false)
        guard await client.isAnswered() else { return [] }
        let document = try await RunningDirectory.document(client)
        return try Reporting.of {
            NamesWithoutEntry.findings(in: document, topology: topology)
                + (try LargeRecipients.findings(in: document, of: "the running core", topology: topology, isOfRunningCore: true))
        }
    }
}

/// `postern init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first configuration.",
        discussion: """
            Writes to standard output, or to --config F if there is no such file yet. Below /etc the file names the system's folders: \
            /var/lib/postern, /run/postern and /var/mail; elsewhere, folders beside the file.

            Every domain has to have a postmaster (RFC 5321 §4.5.1): without --postmaster it asks for the account where somebody can answer, \
            and otherwise names `postmaster`, an account or alias that has to be added.
            """)

    @Option(help: "A domain to receive mail for; again for each further one. The first completes bare names.") var domain: [String]
    @Option(help: "The account that gets mail for postmaster@ each of these domains.") var postmaster: String?
    @Option(help: "Send all other mail through this host.") var smartHost: String?
    @Option(name: .long, help: ArgumentHelp("The file to write.", valueName: "file")) var config: String?

    func validate() throws { _ = try text(postmaster: postmaster ?? Self.usualPostmaster) }

    func run() throws {
        let text = try text(postmaster: postmaster ?? askForPostmaster())
        guard let config else { return StandardOutput.print(text, terminator: "") }
        // What is right in one place may be wrong in another: the path of a socket has little room.
        if case .failed(let findings) = TopologyFile.parse(Array(text.utf8), path: config) {
            for finding in findings { Environment.printError(finding.text) }
            Environment.printError("postern: \(config): not written, since it could not be used there")
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        try NewFile.write(text, to: config)
        Environment.printError("wrote \(config), which has no errors; `postern up --config \(config)` starts it")
    }

    private static let usualPostmaster = "postmaster"

    /// Asks at the terminal until the answer is an account; an empty one, and no terminal, is the usual name.
    private func askForPostmaster() -> String {
        guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else { return Self.usualPostmaster }
        while true {
            let whose = domain.count == 1 ? domain[0] : " each of these domains"
            Environment.printError("Which account gets mail for postmaster@\(whose)? [\(Self.usualPostmaster)]")
            guard let answer = readLine()?.trimmingCharacters(in: .whitespaces), !answer.isEmpty else { return Self.usualPostmaster }
            if TopologyFile.isAccount(answer) { return answer }
            Environment.printError("'\(answer)' is not an account such as m.alexander or m.alexander@example.org")
        }
    }

    private func text(postmaster: String) throws -> String {
        var names: [DomainName] = []
        for text in domain {
            guard let name = DomainName(parsing: text), TopologyFile.isDomain(text) else {
                throw ValidationError("--domain: '\(text)' is not a domain name (accepted: a name such as example.org)")
            }
            guard !names.contains(name) else { throw ValidationError("--domain: '\(text)' is there twice") }
            names.append(name)
        }
        guard TopologyFile.isAccount(postmaster) else {
            throw ValidationError("--postmaster: '\(postmaster)' is not an account (accepted: a name such as m.alexander, or an address)")
        }
        guard let text = TopologyFile.initialFile(domains: names, postmaster: postmaster, smartHost: smartHost, path: config) else {
            throw ValidationError(
                "--smart-host: '\(smartHost ?? "")' is not a host (accepted: a name, or an address in brackets, perhaps with a port)")
        }
        return text
    }
}

/// `postern schema`
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of the configuration, for editors that complete YAML.")

    func run() { StandardOutput.printJSON(TopologyFile.jsonSchema()) }
}
