import ArgumentParser
import ServiceRuntime

/// `postern-delivery` as a command. Carries mail out to other servers.
public struct DeliveryCommand: DaemonMain {
    public static let configuration = CommandConfiguration(
        commandName: "postern-delivery", abstract: "Carries mail out to other servers.",
        discussion: """
            Takes work from the core, finds the hosts for it, delivers over SMTP, and reports what became of each recipient.
            """, version: PosternVersion.text)

    @OptionGroup public var arguments: DaemonArguments

    public init() {}

    public static let role: DaemonRole = .delivery
    public static func serve(_ daemon: Daemon) async -> ExitStatus { await DeliveryDaemon.run(daemon) }
}
