import ArgumentParser
import EdgeService
import ServiceRuntime

/// Takes anonymous mail from the Internet.
@main
struct PosternEdge: DaemonMain {
    static let configuration = CommandConfiguration(
        commandName: "postern-edge", abstract: "Takes anonymous mail from the Internet.",
        discussion: """
            Listens on the addresses of the virtual servers with `role: edge`, asks the core about every recipient, and streams content
            on to it. It holds no mail, and decides nothing. While there is no core, clients are told to come back.
            """)

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .edge
    static func serve(_ daemon: Daemon) async -> ExitStatus { await EdgeService.run(daemon) }
}
