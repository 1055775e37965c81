import ArgumentParser
import EdgeService
import ServiceRuntime

/// Takes anonymous mail from the Internet.
@main
struct PosternEdge: DaemonMain {
    static let configuration = CommandConfiguration(commandName: "postern-edge", abstract: "Takes anonymous mail from the Internet.")

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .edge
    static func serve(_ daemon: Daemon) async -> ExitStatus { await EdgeService.run(daemon) }
}
