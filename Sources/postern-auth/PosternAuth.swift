import ArgumentParser
import AuthService
import ServiceRuntime

/// Finds out who somebody is.
@main
struct PosternAuth: DaemonMain {
    static let configuration = CommandConfiguration(
        commandName: "postern-auth", abstract: "Finds out who somebody is.",
        discussion: """
            Checks what people log in with against the verifiers of the directory, the keytab, or what else `identity` names, and gives
            the submission server a token. It has no network, and sees no mail.
            """)

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .auth
    static func serve(_ daemon: Daemon) async -> ExitStatus { await AuthService.run(daemon) }
}
