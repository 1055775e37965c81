import ArgumentParser
import AuthService
import ServiceRuntime

/// Finds out who somebody is.
@main
struct PosternAuth: DaemonMain {
    static let configuration = CommandConfiguration(commandName: "postern-auth", abstract: "Finds out who somebody is.")

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .auth
    static func serve(_ daemon: Daemon) async -> ExitStatus { await AuthService.run(daemon) }
}
