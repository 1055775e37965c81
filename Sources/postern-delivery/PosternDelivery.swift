import ArgumentParser
import DeliveryService
import ServiceRuntime

/// Carries mail out to other servers.
@main
struct PosternDelivery: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "postern-delivery", abstract: "Carries mail out to other servers.")

    @OptionGroup var arguments: DaemonArguments

    func run() async throws {
        throw ExitCode(await DeliveryDaemon.run(Daemon.begin(.delivery, configurationPath: arguments.config)).rawValue)
    }
}
