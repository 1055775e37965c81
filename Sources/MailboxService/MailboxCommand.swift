import ArgumentParser
import ServiceRuntime

/// `postern-mailbox` as a command. Hands mail to mailboxes: Maildir and LMTP.
public struct MailboxCommand: DaemonMain {
    public static let configuration = CommandConfiguration(
        commandName: "postern-mailbox", abstract: "Hands mail to mailboxes: Maildir and LMTP.",
        discussion: """
            Takes work from the core, and writes it into Maildirs or hands it to an LMTP server.
            """, version: PosternVersion.text)

    @OptionGroup public var arguments: DaemonArguments

    public init() {}

    public static let role: DaemonRole = .mailbox
    public static func serve(_ daemon: Daemon) async -> ExitStatus { await MailboxDaemon.run(daemon) }
}
