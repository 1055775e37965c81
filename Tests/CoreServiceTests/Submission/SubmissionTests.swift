import CoreLink
import CrashModel
import Directory
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import Testing
import Topology

@testable import CoreService
@testable import SMTPServer

@Suite("What the core takes in")
struct SubmissionTests {
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
          far:
            address_spaces: [{ domain: far.test }]
            deliver: { smart_hosts: ["[127.0.0.1]:9"] }
        """

    private static func address(_ text: String) throws -> EmailAddress { try #require(EmailAddress(parsing: text)) }

    private func withCore(
        _ configuration: String = SubmissionTests.configuration, prepare: @escaping @Sendable (Directory) throws -> Void = { _ in },
        _ body: (CoreUnderTest) async throws -> Void
    ) async throws {
        try await CoreUnderTest.with(configuration: configuration, prepare: prepare) { core, _ in try await body(core) }
    }

    @Test("SMTPUTF8 is kept for messages that need it, and for no others")
    func smtpUTF8() async throws {
        try await withCore(CoreUnderTest.configuration) { core in
            let plain = EnvelopeSender(
                reversePath: .address(try Self.address("a@example.org")), body: .eightBitMIME, smtpUTF8: true, envelopeID: "e")
            let utf8 = EnvelopeSender(reversePath: .address(try Self.address("\u{e4}@example.org")), body: .eightBitMIME, smtpUTF8: true)
            let recipients = [EnvelopeRecipient(address: try Self.address("\u{fc}@far.test"))]
            func stored(_ sender: EnvelopeSender, _ has8Bit: Bool, _ recipients: [EnvelopeRecipient]? = nil) async throws -> EnvelopeSender
            {
                let to = try recipients ?? [EnvelopeRecipient(address: Self.address("u@far.test"))]
                let content = (has8Bit ? "Subject: \u{fc}" : "Subject: x") + "\r\n\r\n\u{fc} in the body\r\n"
                let id = try await core.submit(Array(content.utf8), from: sender, to: to, has8BitOctets: true)
                return try #require(try await core.message(id)).head.sender
            }
            let ascii = try await stored(plain, false)
            #expect(!ascii.smtpUTF8)
            #expect(ascii.body == .eightBitMIME && ascii.envelopeID == "e" && ascii.reversePath == plain.reversePath)
            #expect(try await stored(plain, true).smtpUTF8)
            #expect(try await stored(utf8, false).smtpUTF8)
            // Whoever delivers to this one sees it by the address itself, and nobody else is refused for it.
            #expect(try await !stored(plain, false, recipients).smtpUTF8)
        }
    }

    /// What the core answers to each recipient of one transaction.
    private func replies(_ core: CoreUnderTest, to recipients: [String]) async throws -> [String] {
        let done = core.loop.makePromise(of: [String].self)
        let (path, revision) = (core.edgePath, core.revision)
        let addresses = try recipients.map { try Self.address($0) }
        core.loop.execute { [loop = core.loop] in
            LinkClient<EdgeLink>.connect(to: .init(path: path), holder: 1, revision: revision, on: loop) { result in
                guard case .success(let client) = result else { return done.fail(CoreUnderTest.Refused(reply: "\(result)")) }
                var replies: [String] = []
                client.connection.onClosed = { done.fail(CoreUnderTest.Refused(reply: "\($0)")) }
                client.connection.onMessage = { response in
                    guard case .recipient(let reply) = response else { return }
                    replies.append("\(reply)")
                    guard replies.count == addresses.count else { return }
                    done.succeed(replies)
                    client.connection.onClosed = { _ in }
                    client.connection.close()
                }
                client.connection.send(
                    .begin(
                        SessionFacts(virtualServer: "internet", clientAddress: IPAddress(ipv4: 0x7F00_0001)),
                        EnvelopeSender(reversePath: .null)))
                for address in addresses { client.connection.send(.recipient(EnvelopeRecipient(address: address))) }
                client.connection.flush()
            }
        }
        return try await done.futureResult.get()
    }

    @Test("groups of one message have so much room together: one more is refused before it is followed, one that is named twice is not")
    func groupBound() async throws {
        try await withCore { directory in
            for group in ["one", "two", "three"] {
                let address = try Self.address("\(group)@postern.test")
                try directory.addGroup(address, forward: true)
                try directory.addMembers(try (0..<40).map { try Self.address("\(group)\($0)@far.test") }, to: address)
            }
        } _: { core in
            try await core.run { $0.mostFinalRecipients = 100 }
            let ok = "250 2.1.5 Recipient OK"
            let tooMany = "452 4.5.3 Too many recipients"
            #expect(try await replies(core, to: ["one@postern.test", "two@postern.test", "three@postern.test"]) == [ok, ok, tooMany])
            let again = Array(repeating: "one@postern.test", count: 100) + ["two@postern.test"]
            #expect(try await replies(core, to: again) == again.map { _ in ok })
            // Another spelling is followed again, and counts.
            #expect(
                try await replies(core, to: ["one@postern.test", "One@postern.test", "ONE@postern.test"]) == [ok, ok, tooMany])
        }
    }

    @Test("members of two groups get one copy; the address written to is recorded, whatever ORCPT says, and rerouting goes by it")
    func writtenTo() async throws {
        let alias = try Self.address("alias@postern.test")
        let (far, other) = (try Self.address("u@far.test"), try Self.address("v@far.test"))
        try await withCore { directory in
            try directory.addAlias(alias, to: [far, other], forward: true)
            let group = try Self.address("group@postern.test")
            try directory.addGroup(group, forward: true)
            try directory.addMembers([other], to: group)
        } _: { core in
            let id = try await core.submit(
                Array("Subject: x\r\n\r\n".utf8),
                to: [
                    EnvelopeRecipient(address: alias, originalRecipient: "rfc822;forged@elsewhere.test"),
                    EnvelopeRecipient(address: try Self.address("group@postern.test")),
                ])
            let message = try #require(try await core.message(id))
            #expect(Set(message.recipients.map(\.recipient.address)) == [far, other])
            #expect(message.recipients.map(\.writtenTo) == [alias, alias])
            #expect(Set(message.recipients.map(\.recipient.originalRecipient)) == ["rfc822;forged@elsewhere.test"])
            let replies = try await core.run { core -> [String] in
                [alias, nil as EmailAddress?].map { writtenTo in
                    switch core.reroute(far, writtenTo: writtenTo, of: message, from: "far") {
                    case .success(let route): route.connector
                    case .failure(let refused): "\(refused.reply.code)"
                    }
                }
            }
            // Without our own record it is relayed mail, and `far` relays for nobody.
            #expect(replies == ["far", "550"])
        }
    }

    @Test("a front end that breaks the protocol loses its connection and its transaction; others go on, and nothing of it is queued")
    func violations() async throws {
        try await withCore(CoreUnderTest.configuration) { core in
            let facts = SessionFacts(virtualServer: "internet", clientAddress: IPAddress(ipv4: 0x7F00_0001))
            let begin = SubmitRequest.begin(facts, EnvelopeSender(reversePath: .null))
            let recipient = SubmitRequest.recipient(EnvelopeRecipient(address: try Self.address("u@far.test")))
            let content = SubmitRequest.content(ByteBuffer(string: "Subject: x\r\n\r\n"))
            let bad: [[SubmitRequest]] = [
                [content], [recipient], [.commit(octets: 0, has8BitOctets: false)], [begin, begin], [begin, content],
                [begin, recipient, content, recipient], [begin, recipient, content, .commit(octets: 5, has8BitOctets: false)],
                [.begin(SessionFacts(virtualServer: "nowhere", clientAddress: facts.clientAddress), EnvelopeSender(reversePath: .null))],
            ]
            for requests in bad {
                try await closed(core, by: requests)
                // Nothing of what the same peer says behind it counts.
                try await closed(core, by: requests + [.abort, begin, recipient, content, .commit(octets: 14, has8BitOctets: false)])
            }
            let id = try await core.submit(Array("Subject: x\r\n\r\n".utf8))
            let counts = try await core.counts()
            #expect(counts == QueueCounts(messages: 1, recipients: 1))
            #expect(try await core.message(id) != nil)
        }
    }

    @Test("a front end with another revision of the configuration than the core's is told so, and says 421 4.3.0 to its client")
    func revisionDiffers() async throws {
        try await withCore(CoreUnderTest.configuration) { core in
            let recipient = EnvelopeRecipient(address: try Self.address("u@far.test"))
            let answer = core.loop.makePromise(of: String.self)
            let path = core.edgePath
            let transaction = try await core.loop.submit { [loop = core.loop] in
                let pool = LinkPool<EdgeLink>(to: .init(path: path), holder: 1, revision: "another", on: loop)
                let client = IPAddress(ipv4: 0x7F00_0001)
                let open = OpenTransactions(in: OpenTransactions.pool(capacity: 1, budgets: BudgetSettings()), on: loop)
                let transaction = SubmitTransaction(
                    pool: pool, place: try #require(open.began(from: client) {}),
                    facts: SessionFacts(virtualServer: "internet", clientAddress: client),
                    sender: EnvelopeSender(reversePath: .null), token: nil,
                    answer: { if case .recipient(let reply, _, _) = $0 { answer.succeed("\(reply)") } }, writable: {})
                transaction.ask(recipient)
                return NIOLoopBound(transaction, eventLoop: loop)
            }.get()
            #expect(try await answer.futureResult.get().hasPrefix("421 4.3.0 "))
            try await core.loop.submit { transaction.value.abort() }.get()
            // One that agrees is served meanwhile.
            _ = try await core.submit(Array("Subject: x\r\n\r\n".utf8))
            #expect(try await core.counts().messages == 1)
        }
    }

    /// Waits until the core closes the connection that says this.
    private func closed(_ core: CoreUnderTest, by requests: [SubmitRequest]) async throws {
        let done = core.loop.makePromise(of: Void.self)
        let (path, revision) = (core.edgePath, core.revision)
        core.loop.execute { [loop = core.loop] in
            LinkClient<EdgeLink>.connect(to: .init(path: path), holder: 1, revision: revision, on: loop) { result in
                guard case .success(let client) = result else { return done.fail(CoreUnderTest.Refused(reply: "\(result)")) }
                client.connection.onClosed = { _ in done.succeed() }
                client.connection.onMessage = {
                    if case .committed(let reply) = $0 { done.fail(CoreUnderTest.Refused(reply: "\(reply)")) }
                }
                for request in requests { client.connection.send(request) }
                client.connection.flush()
            }
        }
        try await done.futureResult.get()
    }
}
