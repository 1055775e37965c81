import CrashModel
import Directory
import MailVocabulary
import NIOPosix
import Testing

@testable import CoreService

@Suite("A directory that never had anybody")
struct FirstMailboxTests {
    private static let configuration = """
        version: 1
        hostname: mx.postern.test
        default_domain: postern.test
        state_directory: state
        runtime_directory: run
        domains: { postern.test: authoritative }
        virtual_servers:
          internet: { role: edge, listen: ["127.0.0.1:2525"] }
        connectors:
          mailboxes:
            address_spaces: [{ domain: postern.test }]
            deliver: { maildir: "mail/{domain}/{user}" }
        """

    @Test("defers mail for our domains with 451; after the first user was there unknown recipients get 550, also when that one is gone")
    func firstMailbox() async throws {
        let folder = try TemporaryFolder()
        let core = try await CoreUnderTest(
            try StorageRecorder(root: folder.path), on: MultiThreadedEventLoopGroup.singleton.next(), configuration: Self.configuration)
        let recipient = EnvelopeRecipient(address: try #require(EmailAddress(parsing: "anna@postern.test")))
        func reply() async -> String {
            do {
                _ = try await core.submit(Array("Subject: 1\r\n\r\n".utf8), to: [recipient])
                return "accepted"
            } catch { return (error as? CoreUnderTest.Refused)?.reply ?? "\(error)" }
        }
        #expect(await reply().hasPrefix("451 4.3.0 No mailbox has been set up here yet, try again later ["))
        #expect(try await core.run { $0.awaitsFirstMailbox })
        let address = recipient.address
        _ = try await core.run { try $0.directory.addUser(address) }
        #expect(await reply() == "accepted")
        #expect(try await !core.run { $0.awaitsFirstMailbox })
        _ = try await core.run { try $0.directory.removeUser(address) }
        #expect(await reply().hasPrefix("550 5.1.1 Recipient unknown ["))
        try await core.close()
    }
}
