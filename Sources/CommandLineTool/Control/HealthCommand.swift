import ArgumentParser
import CoreLink
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology
import TopologyFile

/// `postern health`
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Whether one daemon can do its work; for the health checks of containers.",
        discussion: """
            Run it where the daemon runs, as the account of that daemon. The core must answer on the socket of that role; a front end's \
            listeners must answer, too, and the login socket of auth. It says what does not, and then ends with 75. A core whose directory \
            never had anybody is healthy, and so is one with an authentication mechanism that is switched off; it warns of both.
            """)

    @Argument(help: "core, edge, submission, auth, delivery or mailbox.") var role: Role
    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        let topology: Topology
        switch TopologyFile.load(path: file.path) {
        case .loaded(let loaded, _): topology = loaded
        case .failed(let findings):
            for finding in findings { Environment.printError(finding.text) }
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        var failures: [String] = []
        for probe in Self.probes(of: role, topology) {
            if let reason = await probe.failure() { failures.append("\(probe): \(reason)") }
        }
        for failure in failures { Environment.printError("postern: \(failure)") }
        guard failures.isEmpty else { throw ExitCode(ExitStatus.temporaryFailure.rawValue) }
        if role == .core { try await warn() }
    }

    /// What a healthy core waits for. No failure: another start of it would change nothing.
    private func warn() async throws {
        let status = try await ControlClient(file).objects(ControlRequest(.status)).map { try Row($0) }.first
        if status?.flag("awaits_first_mailbox") == true {
            Environment.printError("postern: warning: the directory \(StatusCommand.noMailbox)")
        }
        for off in status?.rows("mechanisms_off") ?? [] {
            Environment.printError(
                "postern: warning: nobody can log in with \(StatusCommand.mechanismOff(off, HumanTime.Form(isExact: false)))")
        }
    }

    /// What must answer for a daemon to be healthy.
    static func probes(of role: Role, _ topology: Topology) -> [HealthProbe] {
        func socket(_ name: RoleName) -> HealthProbe { .socket(name, LinkAddress(of: name, in: topology), revision: topology.revision) }
        func listeners(_ isIncluded: (VirtualServer) -> Bool) -> [HealthProbe] {
            topology.virtualServers.filter(isIncluded).flatMap(\.listeners).map { HealthProbe.listener($0) }
        }
        switch role {
        case .core: return [socket(.control)]
        case .edge: return [socket(.edge)] + listeners(\.isEdge)
        case .submission: return [socket(.submission), socket(.login)] + listeners { !$0.isEdge }
        case .auth: return [socket(.authentication)]
        case .delivery: return [socket(.delivery)]
        case .mailbox: return [socket(.mailbox)]
        }
    }
}

extension Role: ExpressibleByArgument {}
