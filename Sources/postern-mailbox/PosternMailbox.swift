import ArgumentParser
import MailboxService
import ServiceRuntime

/// Hands mail to mailboxes: Maildir and LMTP.
@main
struct PosternMailbox: DaemonMain {
    static let configuration = CommandConfiguration(
        commandName: "postern-mailbox", abstract: "Hands mail to mailboxes: Maildir and LMTP.",
        discussion: """
            Takes work from the core, and writes it into Maildirs or hands it to an LMTP server.
            """)

    @OptionGroup var arguments: DaemonArguments

    static let role: DaemonRole = .mailbox
    static func serve(_ daemon: Daemon) async -> ExitStatus { await MailboxDaemon.run(daemon) }
}
