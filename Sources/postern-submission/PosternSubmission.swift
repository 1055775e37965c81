import ArgumentParser
import ServiceRuntime
import SubmissionService

/// Takes mail from people who log in, and relays it for them.
@main
struct PosternSubmission: DaemonMain {
    static let configuration = CommandConfiguration(
        commandName: "postern-submission", abstract: "Takes mail from people who log in, and relays it for them.")

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .submission
    static func serve(_ daemon: Daemon) async -> ExitStatus { await SubmissionService.run(daemon) }
}
