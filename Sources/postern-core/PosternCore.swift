import ArgumentParser
import CoreService
import ServiceRuntime

/// Holds the mail: routing, restrictions, the durable queue. No network.
@main
struct PosternCore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "postern-core", abstract: "Holds the mail: routing, restrictions, the durable queue. No network.")

    @OptionGroup var arguments: DaemonArguments

    func run() async throws {
        throw ExitCode(await CoreService.run(Daemon.begin(.core, configurationPath: arguments.config)).rawValue)
    }
}
