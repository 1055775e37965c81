import ArgumentParser
import ServiceRuntime
import SubmissionService

/// Takes mail from people who log in, and relays it for them.
@main
struct PosternSubmission: DaemonMain {
    static let configuration = CommandConfiguration(
        commandName: "postern-submission", abstract: "Takes mail from people who log in, and relays it for them.",
        discussion: """
            Listens on the addresses of the virtual servers with `role: submission`, and does TLS. What a client says to log in goes to
            postern-auth; what it submits goes to the core, with the token that the login gave.
            """)

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .submission
    static func serve(_ daemon: Daemon) async -> ExitStatus { await SubmissionService.run(daemon) }
}
