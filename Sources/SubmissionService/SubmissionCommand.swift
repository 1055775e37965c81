import ArgumentParser
import ServiceRuntime

/// `postern-submission` as a command. Takes mail from people who log in, and relays it for them.
public struct SubmissionCommand: DaemonMain {
    public static let configuration = CommandConfiguration(
        commandName: "postern-submission", abstract: "Takes mail from people who log in, and relays it for them.",
        discussion: """
            Listens on the addresses of the virtual servers with `role: submission`, and does TLS. What a client says to log in goes to \
            postern-auth; what it submits goes to the core, with the token that the login gave.
            """, version: PosternVersion.text)

    @OptionGroup public var arguments: DaemonArguments

    public init() {}

    public static let role: DaemonRole = .submission
    public static func serve(_ daemon: Daemon) async -> ExitStatus { await SubmissionService.run(daemon) }
}
