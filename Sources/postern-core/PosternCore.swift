import ArgumentParser
import CoreService
import ServiceRuntime

/// Holds the mail: routing, restrictions, the durable queue. No network.
@main
struct PosternCore: DaemonMain {
    static let configuration = CommandConfiguration(
        commandName: "postern-core", abstract: "Holds the mail: routing, restrictions, the durable queue. No network.")

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .core
    static func serve(_ daemon: Daemon) async -> ExitStatus { await CoreService.run(daemon) }
}
