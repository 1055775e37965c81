import Foundation
import Testing

/// S22, rules 3 and 5: which connector carries what, read at the servers that each of them sends to.
@Suite("Address spaces, costs and spreading")
struct AddressSpaceTests {
    /// Runs the body with a sink for each connector named.
    ///
    /// - Parameters:
    ///   - more: a further line of some connectors.
    ///   - dead: connectors whose sinks do not run.
    private func withConnectors(
        _ spaces: [(name: String, spaces: String)], more: [String: String] = [:], dead: Set<String> = [], rest: String = "",
        _ body: (PosternUnderTest, [String: SinkUnderTest]) async throws -> Void
    ) async throws {
        var sinks: [String: SinkUnderTest] = [:]
        for (name, _) in spaces { sinks[name] = try SinkUnderTest() }
        for (name, sink) in sinks where !dead.contains(name) { try await sink.start() }
        let postern = try PosternUnderTest(
            edge: "limits: { messages_per_connection: none }",
            rest: PosternUnderTest.localDomain + "\n"
                + spaces.map { name, spaces in
                    """
                      \(name):
                        address_spaces: [\(spaces)]
                        deliver: { smart_hosts: ["[127.0.0.1]:\(sinks[name]!.port)"] }
                        relay: \(!spaces.contains("\"*\""))
                    \(more[name].map { "    \($0)" } ?? "")
                    """
                }.joined(separator: "\n") + "\n" + rest)
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

    @Test(
        "what forbids or is down gives way to its equals, never to a less specific space: that would turn a partner's line into the general route"
    )
    func neverLessSpecific() async throws {
        try await withConnectors(
            [
                ("forbids", "{ domain: forbidden.relay.test }"), ("down", "{ domain: down.relay.test }"),
                ("small", "{ domain: equal.relay.test, cost: 1 }"), ("equal", "{ domain: equal.relay.test, cost: 2 }"),
                ("suffix", #"{ domain: "*.relay.test" }"#),
            ],
            more: [
                "forbids": "restrictions: { default: reject, accept_from: [anna@local.test] }",
                "small": "restrictions: { default: reject, accept_from: [anna@local.test] }",
            ], dead: ["down"], rest: "outbound: { default: { retry: { first: 1s, second: 1s, third: 1s, subsequent: 1s } } }"
        ) { postern, sinks in
            let refused = try await Program.run(
                "swaks", ["--server", "127.0.0.1:\(postern.port)", "--from", "sender@source.test", "--to", "u@forbidden.relay.test"])
            #expect(
                refused.status != 0 && refused.text.contains("<** 550 5.7.1 Not permitted to send to this domain [R-"), "\(refused.text)")
            for recipient in ["u@equal.relay.test", "u@down.relay.test", "u@any.relay.test"] {
                try await postern.send(from: "sender@source.test", to: recipient)
            }
            // Three failures in a row take it down; and then it waits, although the suffix could carry it.
            _ = try await eventually(within: 30, "it is down; the log:\n\(postern.logText.suffix(3000))") {
                try await postern.postern(["metrics"]).text.contains("postern_connector_up{connector=\"down\"} 0\n") ? true : nil
            }
            let waiting = try await eventually("only that one waits") {
                let queue = try await postern.queue()
                return queue.count == 1 ? queue.first : nil
            }
            #expect(waiting["connector"] as? String == "down" && waiting["recipient"] as? String == "u@down.relay.test", "\(waiting)")
            #expect(try sinks["equal"]!.recipients() == ["u@equal.relay.test"])
            #expect(try sinks["suffix"]!.recipients() == ["u@any.relay.test"])
            #expect(try sinks["forbids"]!.count() == 0 && sinks["small"]!.count() == 0)
            try await sinks["down"]!.start()
            try await postern.waitForEmptyQueue()
            #expect(try sinks["down"]!.recipients() == ["u@down.relay.test"])
        }
    }
}
