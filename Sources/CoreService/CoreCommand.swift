import ArgumentParser
import ServiceRuntime

/// `postern-core` as a command. Holds the mail: routing, restrictions, the durable queue. No network.
public struct CoreCommand: DaemonMain {
    public static let configuration = CommandConfiguration(
        commandName: "postern-core", abstract: "Holds the mail: routing, restrictions, the durable queue. No network.",
        discussion: """
            Decides where mail goes, and holds it on stable storage until it is there. It has no network: the others come over Unix \
            sockets in `runtime_directory`, each over the one of its own account.
            """, version: PosternVersion.text)

    @OptionGroup public var arguments: DaemonArguments

    public init() {}

    public static let role: DaemonRole = .core
    public static func serve(_ daemon: Daemon) async -> ExitStatus { await CoreService.run(daemon) }
}
