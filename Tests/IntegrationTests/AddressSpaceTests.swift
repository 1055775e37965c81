import Foundation
import Testing

/// S22, rules 3 and 5: which connector carries what, read at the servers that each of them sends to.
@Suite("Address spaces, costs and spreading")
struct AddressSpaceTests {
    /// Runs the body with a sink for each connector named.
    private func withConnectors(
        _ spaces: [(name: String, spaces: String)], _ body: (PosternUnderTest, [String: SinkUnderTest]) async throws -> Void
    )
        async throws
    {
        var sinks: [String: SinkUnderTest] = [:]
        for (name, _) in spaces { sinks[name] = try SinkUnderTest() }
        for sink in sinks.values { try await sink.start() }
        let postern = try PosternUnderTest(
            edge: "limits: { messages_per_connection: none }",
            rest: PosternUnderTest.localDomain + "\n"
                + spaces.map { name, spaces in
                    """
                      \(name):
                        address_spaces: [\(spaces)]
                        deliver: { smart_hosts: ["[127.0.0.1]:\(sinks[name]!.port)"] }
                        relay: \(!spaces.contains("\"*\""))
                    """
                }.joined(separator: "\n"))
        try await postern.start()
        do {
            try await body(postern, sinks)
        } catch {
            Issue.record("the log:\n\(postern.logText.suffix(4000))")
            await postern.stop()
            throw error
        }
        await postern.stop()
        for sink in sinks.values { sink.stop() }
    }

    @Test("an exact domain before a suffix, the longer suffix before the shorter, any before `*`; whatever the costs are")
    func specificity() async throws {
        try await withConnectors([
            ("exact", "{ domain: relay.test, cost: 50 }, { domain: a.deep.relay.test, cost: 50 }"),
            ("suffix", #"{ domain: "*.relay.test", cost: 20 }"#), ("deeper", #"{ domain: "*.deep.relay.test", cost: 30 }"#),
            ("world", #"{ domain: "*", cost: 1 }"#),
        ]) { postern, sinks in
            // What an alias leads to needs no permission to relay.
            #expect(
                try await postern.postern(["alias", "add", "out@local.test", "u@else.test", "--forward"]).status == 0)
            for recipient in ["u@relay.test", "u@a.relay.test", "u@b.deep.relay.test", "u@A.Deep.Relay.Test", "out@local.test"] {
                try await postern.send(from: "sender@source.test", to: recipient)
            }
            try await postern.waitForEmptyQueue()
            func arrived(_ name: String) throws -> [String] { try sinks[name]!.recipients().map { $0.lowercased() }.sorted() }
            #expect(try arrived("exact") == ["u@a.deep.relay.test", "u@relay.test"])
            #expect(try arrived("suffix") == ["u@a.relay.test"])
            #expect(try arrived("deeper") == ["u@b.deep.relay.test"])
            #expect(try arrived("world") == ["u@else.test"])
        }
    }

    @Test("the lowest cost carries all; equal costs share")
    func costs() async throws {
        try await withConnectors([
            ("cheap", "{ domain: one.test, cost: 5 }"), ("dear", "{ domain: one.test, cost: 6 }, { domain: two.test }"),
            ("equal", "{ domain: two.test }"),
        ]) { postern, sinks in
            for domain in ["one.test", "two.test"] {
                try await Program.succeed(
                    "smtp-source",
                    [
                        "-s", "4", "-m", "40", "-l", "500", "-d", "-f", "sender@source.test", "-t", "u@\(domain)",
                        "127.0.0.1:\(postern.port)",
                    ])
            }
            try await postern.waitForEmptyQueue()
            #expect(try sinks["cheap"]!.recipients() == Array(repeating: "u@one.test", count: 40))
            let (dear, equal) = (try sinks["dear"]!.recipients(), try sinks["equal"]!.recipients())
            #expect(Set(dear + equal) == ["u@two.test"] && dear.count + equal.count == 40)
            // Each goes one way or the other by a hash of its id; all forty the same way is one chance in 2^39.
            #expect(!dear.isEmpty && !equal.isEmpty, "\(dear.count) and \(equal.count)")
        }
    }
}
