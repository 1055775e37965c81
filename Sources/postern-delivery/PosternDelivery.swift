import ArgumentParser
import DeliveryService
import ServiceRuntime

/// Carries mail out to other servers.
@main
struct PosternDelivery: DaemonMain {
    static let configuration = CommandConfiguration(
        commandName: "postern-delivery", abstract: "Carries mail out to other servers.",
        discussion: """
            Takes work from the core, finds the hosts for it, delivers over SMTP, and reports what became of each recipient.
            """)

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .delivery
    static func serve(_ daemon: Daemon) async -> ExitStatus { await DeliveryDaemon.run(daemon) }
}
