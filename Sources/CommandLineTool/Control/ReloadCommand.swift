import ArgumentParser
import CoreLink
import ServiceRuntime
import Topology
import TopologyFile

/// `postern reload`
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Have all daemons read the configuration again; a bad one is refused, and the old one stays.",
        discussion: """
            Waits up to 10 s until each daemon has said what it does not do of the new configuration: that is printed, and the exit status is \
            75. So it is where a daemon is missing that the configuration has work for.

            With --dry-run nothing is reloaded: the file is checked, and what it would change for mail against the configuration that runs \
            is listed as by `postern diff`. Exit status then: 0 where nothing changes for mail, 1 where something does, 78 where the file \
            would be refused, 75 where daemons would have to be started, or started again.
            """)

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "Say what would change for mail, and reload nothing.") var dryRun = false
    @OptionGroup var envelopes: EnvelopeOptions

    func validate() throws {
        if !dryRun, envelopes.facts != nil || envelopes.directory != nil {
            throw ValidationError("--facts and --directory belong to --dry-run")
        }
    }

    func run() async throws {
        if dryRun { return try await compare() }
        // The file is not looked at here: whether it is good is for the core to say, which may run with another one.
        let answer = try await ControlClient(file, saysFindings: false).objects(ControlRequest(.reload))
        if let line = answer.first { StandardOutput.print("reloaded, revision \(try Row(line).text("revision"))") }
        let undone = try answer.dropFirst().map { try Row($0) }
        for one in undone { Environment.printError("postern: not done: \(one.text("daemon")) \(one.text("reason"))") }
        if !undone.isEmpty { throw ExitCode(ExitStatus.temporaryFailure.rawValue) }
    }

    private func compare() async throws {
        let after = try file.topology(surroundings: .ofThisProcess())
        let answer = try await ControlClient(file, saysFindings: false).objects(ControlRequest(.configuration))
        let text = answer.dropFirst().joined()
        // The core has read this text; what it refers to may have gone since, so that is not looked at.
        guard let name = answer.first, case .loaded(let before, _) = TopologyFile.parse(Array(text.utf8), path: name) else {
            Environment.printError("postern: the configuration that runs is of another version of Postern; `postern diff` compares files")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
        let fixed = Daemon.needingRestart(from: before, to: after)
        guard fixed.isEmpty else {
            Environment.printError(
                "postern: \(file.path): \(fixed.joined(separator: ", ")): a change needs a restart; a reload would be refused")
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        let undone = try await undone(before, after)
        do {
            try ConfigurationDiff(before: before, after: after).run(envelopes)
        } catch let code as ExitCode where !undone.isEmpty && code.rawValue <= 1 {
            // That something changes for mail is said; what is not done matters more.
        }
        for sentence in undone { Environment.printError("postern: a reload would not do: \(sentence)") }
        if !undone.isEmpty { throw ExitCode(ExitStatus.temporaryFailure.rawValue) }
    }

    /// What a reload would leave to be done, as far as it can be told beforehand: whether an address can be listened on cannot.
    private func undone(_ before: Topology, _ after: Topology) async throws -> [String] {
        let client = try ControlClient(file, saysFindings: false)
        var connected: Set<String> = []
        // One that was just started, or is started again, has the time that a reload gives it.
        for look in 0..<20 {
            if look > 0 { try await Task.sleep(for: .milliseconds(100)) }
            connected = Set(try await client.objects(ControlRequest(.status)).first.map { try Row($0).list("daemons") } ?? [])
            if after.neededDaemons.isSubset(of: connected.compactMap(Role.init(rawValue:))) { break }
        }
        return Role.allCases.filter { after.neededDaemons.contains($0) }.flatMap { role in
            guard connected.contains(role.rawValue) else {
                return ["postern-\(role.rawValue) is not connected to the core, and the file has work for it"]
            }
            return Daemon.takingRestart(role, from: before, to: after)
        }
    }
}
