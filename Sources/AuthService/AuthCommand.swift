import ArgumentParser
import ServiceRuntime

/// `postern-auth` as a command. Finds out who somebody is.
public struct AuthCommand: DaemonMain {
    public static let configuration = CommandConfiguration(
        commandName: "postern-auth", abstract: "Finds out who somebody is.",
        discussion: """
            Checks what people log in with against the verifiers of the directory, the keytab, or what else `identity` names, and gives \
            the submission server a token. It has no network, and sees no mail.
            """, version: PosternVersion.text)

    @OptionGroup public var arguments: DaemonArguments

    public init() {}

    public static let role: DaemonRole = .auth
    public static func serve(_ daemon: Daemon) async -> ExitStatus { await AuthService.run(daemon) }
}
