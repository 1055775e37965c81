import Foundation
import Testing

/// Mail goes out by DNS and LMTP to servers that refuse, defer and hang up. Their port is the one that our own edge has on another address
/// of this machine (S06), so that a host is told from ourself by its address.
@Suite("Delivery to servers that do not take everything")
struct DeliveryTests {
    /// Runs the body with servers, their DNS records and a Postern that delivers to `*.far.test` by DNS.
    ///
    /// - Parameters:
    ///   - servers: by their names in `far.test` and their addresses.
    ///   - records: more of the DNS.
    ///   - outbound: the default profile's keys besides `port` and `retry`, as `connections` and top-level lines.
    private func withDelivery(
        _ servers: [FakeServers.Server], records: [String] = [], connections: String = "", profile: [String] = [],
        connectors: [String] = [],
        domains: String = "", options: [String] = [], _ body: (PosternUnderTest, FakeServers) async throws -> Void
    ) async throws {
        let postern = try PosternUnderTest()
        var servers = servers
        for index in servers.indices where !servers[index].listen.hasPrefix("/") { servers[index].listen += ":\(postern.port)" }
        let addresses = servers.filter { !$0.listen.hasPrefix("/") }.map { "\($0.name).far.test. A \($0.listen.split(separator: ":")[0])" }
        let dns = try await DNSUnderTest(addresses + records)
        let fakes = try await FakeServers(servers)
        try postern.write(
            edge: "",
            rest: """
                resolver: { servers: ["127.0.0.1:\(dns.port)"] }
                domains: { local.test: authoritative\(domains) }
                connectors:
                  mailboxes:
                    address_spaces: [{ domain: local.test }]
                    deliver: { maildir: "mail/{domain}/{user}" }
                  far:
                    address_spaces: [{ domain: "*.far.test" }]
                    deliver: dns
                    relay: true
                \(connectors.map { "  \($0)" }.joined(separator: "\n"))
                outbound:
                  default:
                    connections: { port: \(postern.port)\(connections) }
                    retry: { first: 1s, second: 1s, third: 1s, subsequent: 1s }
                \(profile.map { "    \($0)" }.joined(separator: "\n"))
                """)
        try await postern.start(options: options)
        do {
            try await postern.addUser("sender@local.test")
            try await body(postern, fakes)
        } catch {
            Issue.record("the log:\n\(postern.logText.suffix(6000))")
            await postern.stop()
            throw error
        }
        await postern.stop()
        fakes.stop()
        dns.stop()
    }

    private static let good = FakeServers.Server(name: "good", listen: "127.0.0.2")

    @Test("a recipient refused with a 550 of two lines gives a report that Python reads; the null reverse-path and NOTIFY=NEVER get none")
    func reports() async throws {
        try await withDelivery([Self.good]) { postern, fakes in
            try await postern.send(from: "", to: "bad-null@good.far.test", "user-1@good.far.test")
            try await postern.send(from: "sender@local.test", to: "bad-never@good.far.test NOTIFY=NEVER", "user-2@good.far.test")
            try await postern.send(from: "sender@local.test", to: "bad@good.far.test", "user-3@good.far.test")
            _ = try await postern.wait(for: 1, messagesFor: "sender")
            try await postern.waitForEmptyQueue()
            #expect(
                Set(try fakes.messages(at: "good").joined()) == ["user-1@good.far.test", "user-2@good.far.test", "user-3@good.far.test"])
            let reports = try await postern.reports(for: "sender")
            #expect(reports.count == 1)
            let report = try #require(reports.first)
            #expect(report.type == "multipart/report" && report.reportType == "delivery-status" && report.defects == [])
            #expect(report.to == "sender@local.test" && report.returnPath == "<>")
            #expect(report.parts == ["text/plain", "message/delivery-status", "text/rfc822-headers"])
            #expect(report.message["reporting-mta"] == "dns; mx.postern.test")
            #expect(report.recipients.count == 1)
            let recipient = try #require(report.recipients.first)
            #expect(recipient["final-recipient"] == "rfc822; bad@good.far.test")
            #expect(recipient["action"] == "failed" && recipient["status"] == "5.1.1")
            #expect(recipient["remote-mta"] == "dns; good.far.test")
            #expect(recipient["diagnostic-code"] == "smtp; 550 5.1.1 No such user here. Ask the postmaster of good.far.test")
            #expect(report.words.contains("550 5.1.1 No such user here.") && report.words.contains("Ask the postmaster of good.far.test"))
        }
    }

    @Test(
        "a report names the alias that was written to, whatever characters it has",
        arguments: [("sales+eu@local.test", "rfc822; sales+eu@local.test"), ("a=b@local.test", "rfc822; a=b@local.test")])
    func alias(address: String, original: String) async throws {
        try await withDelivery([Self.good]) { postern, _ in
            let added = try await postern.postern(["alias", "add", address, "bad@good.far.test", "--forward"])
            #expect(added.status == 0, "\(added.text)\(added.errors)")
            try await postern.send(from: "sender@local.test", to: address)
            _ = try await postern.wait(for: 1, messagesFor: "sender")
            let recipient = try #require(try await postern.reports(for: "sender").first?.recipients.first)
            #expect(recipient["original-recipient"] == original)
            #expect(recipient["final-recipient"] == "rfc822; bad@good.far.test")
        }
    }

    @Test("by DNS: a dead first exchanger, no MX at all, a null MX, a domain that does not exist, and ourself")
    func byDNS() async throws {
        let records = [
            "preferred.far.test. MX 10 dead.far.test.", "preferred.far.test. MX 20 good.far.test.", "dead.far.test. A 127.0.0.99",
            "null.far.test. MX 0 .", "loop.far.test. MX 10 ourself.far.test.", "loop.far.test. MX 20 good.far.test.",
            "ourself.far.test. A 127.0.0.1", "named.far.test. MX 10 mx.postern.test.", "score.far.test. MX 10 mail_1.far.test.",
            "mail_1.far.test. A 127.0.0.2",
        ]
        try await withDelivery([Self.good], records: records) { postern, fakes in
            try await postern.send(
                from: "sender@local.test", to: "user@preferred.far.test", "user@good.far.test", "user@score.far.test", "user@null.far.test",
                "user@gone.far.test", "user@loop.far.test", "user@named.far.test")
            try await postern.waitForEmptyQueue()
            #expect(
                Set(try fakes.messages(at: "good").joined()) == ["user@preferred.far.test", "user@good.far.test", "user@score.far.test"])
            var found: [String: [String: String]] = [:]
            for recipient in try await postern.reports(for: "sender").flatMap(\.recipients) {
                found[recipient["final-recipient"] ?? "", default: [:]] = recipient
            }
            #expect(
                found.mapValues { $0["status"] ?? "" } == [
                    "rfc822; user@null.far.test": "5.1.10", "rfc822; user@gone.far.test": "5.1.2", "rfc822; user@loop.far.test": "5.4.6",
                    "rfc822; user@named.far.test": "5.4.6",
                ])
            #expect(
                found.values.allSatisfy { $0["remote-mta"] == nil && $0["diagnostic-code"]?.hasPrefix("x-postern; ") == true }, "\(found)")
            #expect(found["rfc822; user@null.far.test"]?["diagnostic-code"]?.contains("556") == true)
        }
    }

    @Test("a server that hangs up in the handshake gets the message in clear over one more connection, unless TLS is required")
    func brokenTLS() async throws {
        let broken = FakeServers.Server(name: "broken", listen: "127.0.0.2", startTLS: true)
        let strict = """
            strict:
                address_spaces: [{ domain: strict.broken.far.test }]
                deliver: dns
                relay: true
                tls: { mode: required }
            """
        try await withDelivery([broken], records: ["strict.broken.far.test. MX 10 broken.far.test."], connectors: [strict]) {
            postern, fakes in
            try await postern.send(from: "sender@local.test", to: "user@broken.far.test")
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "broken") == [["user@broken.far.test"]])
            #expect(try fakes.events("connect").count == 2)
            #expect(postern.logText.contains("no TLS with the next hop: sent in clear"))
            try await postern.send(from: "sender@local.test", to: "user@strict.broken.far.test")
            let row = try await eventually("the message waits for TLS, and its next hop was tried again") {
                try await postern.queue().first { try $0["last_error"] is String && fakes.events("connect").count > 3 }
            }
            // What cannot be reached is no attempt of the message.
            #expect(row["attempts"] as? Int == 0)
            #expect((row["last_error"] as? String)?.contains(": the TLS handshake failed") == true, "\(row)")
            #expect((row["last_error"] as? String)?.hasPrefix("454 4.7.5 ") == true, "\(row)")
            #expect(try fakes.messages(at: "broken").count == 1)
        }
    }

    @Test(
        "of several recipients, the one that is refused is reported, the one that is deferred waits, and the others have the message once")
    func oneOfSeveral() async throws {
        try await withDelivery([Self.good]) { postern, fakes in
            try await postern.send(
                from: "sender@local.test", to: "one@good.far.test", "bad@good.far.test", "tmp@good.far.test", "two@good.far.test")
            _ = try await postern.wait(for: 1, messagesFor: "sender")
            let row = try await eventually("the deferred recipient was tried again") {
                try await postern.queue().first { ($0["attempts"] as? Int ?? 0) > 1 }
            }
            let queue = try await postern.queue()
            #expect(queue.count == 1 && row["recipient"] as? String == "tmp@good.far.test")
            #expect((row["last_error"] as? String)?.contains("451 4.7.1 Come back later") == true, "\(row)")
            #expect(try fakes.messages(at: "good").joined().sorted() == ["one@good.far.test", "two@good.far.test"])
            let recipients = try await postern.reports(for: "sender").flatMap(\.recipients)
            #expect(recipients.map { $0["final-recipient"] } == ["rfc822; bad@good.far.test"])
        }
    }

    @Test(
        "LMTP answers 250, 552 and 451 in one transaction, over a Unix socket and over TCP, within the sandbox as without it",
        arguments: ["unix", "tcp"], [[], ["--sandbox"]])
    func lmtp(transport: String, options: [String]) async throws {
        let folder = try TemporaryFolder()
        let port = try FreePort.take()
        let socket = folder.file("lmtp.sock").path
        let target = transport == "unix" ? "unix:\(socket)" : "[127.0.0.1]:\(port)"
        let store = try await FakeServers([.init(name: "store", listen: transport == "unix" ? socket : "127.0.0.1:\(port)", lmtp: true)])
        try await withDelivery(
            [Self.good], connectors: ["store: { address_spaces: [{ domain: store.test }], deliver: { lmtp: \"\(target)\" } }"],
            domains: ", store.test: shared", options: options
        ) { postern, _ in
            try await postern.send(from: "sender@local.test", to: "user@store.test", "quota@store.test", "locked@store.test")
            _ = try await postern.wait(for: 1, messagesFor: "sender")
            let row = try await eventually("the deferred recipient waits") {
                try await postern.queue().first { ($0["attempts"] as? Int ?? 0) > 0 }
            }
            #expect(row["recipient"] as? String == "locked@store.test")
            #expect(try await postern.queue().count == 1)
            #expect(try store.messages(at: "store").first == ["user@store.test", "quota@store.test", "locked@store.test"])
            #expect(try store.messages(at: "store").dropFirst().allSatisfy { $0 == ["locked@store.test"] })
            let recipients = try await postern.reports(for: "sender").flatMap(\.recipients)
            #expect(recipients.map { $0["final-recipient"] } == ["rfc822; quota@store.test"])
            #expect(recipients.first?["status"] == "5.2.2")
        }
        store.stop()
    }

    @Test("what cannot be delivered in time is reported: deferred by the server, or waiting for one that is down (E09)")
    func expiration() async throws {
        try await withDelivery([Self.good], records: ["down.far.test. A 127.0.0.99"], profile: ["expiration: 3s"]) { postern, _ in
            try await postern.send(from: "sender@local.test", to: "tmp@good.far.test", "user@down.far.test")
            try await postern.send(from: "sender@local.test", to: "later@down.far.test")
            try await postern.waitForEmptyQueue()
            let reports = try await postern.reports(for: "sender")
            let recipients = reports.flatMap(\.recipients)
            #expect(
                recipients.compactMap { $0["final-recipient"] }.sorted() == [
                    "rfc822; later@down.far.test", "rfc822; tmp@good.far.test", "rfc822; user@down.far.test",
                ])
            #expect(recipients.allSatisfy { $0["action"] == "failed" && $0["status"]?.hasPrefix("4.") == true }, "\(recipients)")
            #expect(reports.allSatisfy { $0.words.contains("could not be delivered in time") })
        }
    }

    @Test("a server that hangs up after the final dot has the message deferred once, with a warning that it may come twice")
    func hangsUp() async throws {
        var server = Self.good
        server.dropAfterDot = 1
        try await withDelivery([server]) { postern, fakes in
            try await postern.send(from: "sender@local.test", to: "user@good.far.test")
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "good") == [["user@good.far.test"], ["user@good.far.test"]])
            #expect(postern.logText.components(separatedBy: "may double it").count == 2)
            #expect(try postern.messages(for: "sender").isEmpty)
        }
    }

    @Test("connections come from the source address to the configured port, with so many messages each (S06, S07)")
    func sourceAndMessages() async throws {
        try await withDelivery(
            [Self.good], connections: ", limit_per_domain: 1, messages_per_connection: 2", profile: ["source: { ipv4: 127.0.0.77 }"]
        ) { postern, fakes in
            for number in 1...5 { try await postern.send(from: "sender@local.test", to: "user-\(number)@good.far.test") }
            try await postern.waitForEmptyQueue()
            #expect(try fakes.messages(at: "good").joined().sorted() == (1...5).map { "user-\($0)@good.far.test" })
            var counts: [Int] = []
            for event in try fakes.events() {
                switch event.event {
                case "connect":
                    #expect(event.peer == "127.0.0.77")
                    counts.append(0)
                case "message": counts[counts.count - 1] += 1
                default: break
                }
            }
            #expect(counts.allSatisfy { $0 <= 2 } && counts.count >= 3, "messages per connection: \(counts)")
        }
    }

    @Test("a server that does not answer is given up after the time for idle connections, and tried again (S04)")
    func idleConnections() async throws {
        var server = Self.good
        server.hold = 60
        try await withDelivery([server], connections: ", timeout: 1s") { postern, _ in
            try await postern.send(from: "sender@local.test", to: "user@good.far.test")
            // Long before the server would have answered.
            let row = try await eventually(within: 45, "it is tried again") {
                try await postern.queue().first { ($0["attempts"] as? Int ?? 0) > 0 }
            }
            #expect((row["last_error"] as? String)?.contains("4.4.2") == true, "\(row)")
        }
    }

    @Test("servers never see more connections at once than the limits (S03, S05)")
    func limits() async throws {
        let servers = (1...3).map { FakeServers.Server(name: "s\($0)", listen: "127.0.0.\($0 + 1)", hold: 0.2) }
        try await withDelivery(servers, connections: ", limit: 4, limit_per_domain: 2, messages_per_connection: 3") { postern, fakes in
            for number in 1...8 {
                try await postern.send(
                    from: "sender@local.test", to: "user-\(number)@s1.far.test", "user-\(number)@s2.far.test", "user-\(number)@s3.far.test")
            }
            try await postern.waitForEmptyQueue(within: 60)
            let connections = try fakes.events("connect").compactMap(\.active)
            for name in ["s1", "s2", "s3"] {
                #expect(try fakes.messages(at: name).count == 8)
                #expect((connections.compactMap { $0[name] }.max() ?? 0) <= 2)
            }
            let most = connections.compactMap { $0["all"] }.max() ?? 0
            #expect((2...4).contains(most), "\(most) connections at once")
        }
    }
}
