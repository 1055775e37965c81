import ArgumentParser
import EdgeService
import ServiceRuntime

/// Takes anonymous mail from the Internet.
@main
struct PosternEdge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "postern-edge", abstract: "Takes anonymous mail from the Internet.")

    @OptionGroup var arguments: DaemonArguments

    func run() async throws {
        throw ExitCode(await EdgeService.run(Daemon.begin(.edge, configurationPath: arguments.config)).rawValue)
    }
}
