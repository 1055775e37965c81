import ArgumentParser
import MailboxService
import ServiceRuntime

/// Hands mail to mailboxes: Maildir and LMTP.
@main
struct PosternMailbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "postern-mailbox", abstract: "Hands mail to mailboxes: Maildir and LMTP.")

    @OptionGroup var arguments: DaemonArguments

    func run() async throws {
        throw ExitCode(await MailboxDaemon.run(Daemon.begin(.mailbox, configurationPath: arguments.config)).rawValue)
    }
}
