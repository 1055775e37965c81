import ArgumentParser
import ServiceRuntime

/// `postern-edge` as a command. Takes anonymous mail from the Internet.
public struct EdgeCommand: DaemonMain {
    public static let configuration = CommandConfiguration(
        commandName: "postern-edge", abstract: "Takes anonymous mail from the Internet.",
        discussion: """
            Listens on the addresses of the virtual servers with `role: edge`, asks the core about every recipient, and streams content \
            on to it. It holds no mail, and decides nothing. While there is no core, clients are told to come back.
            """, version: PosternVersion.text)

    @OptionGroup public var arguments: DaemonArguments

    public init() {}

    public static let role: DaemonRole = .edge
    public static func serve(_ daemon: Daemon) async -> ExitStatus { await EdgeService.run(daemon) }
}
