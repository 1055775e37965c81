import MailVocabulary
import Testing

@testable import Routing

@Suite("Rule 5: choice among connectors")
struct ChoiceTests {
    static let equals = Sketch(
        connectors: [
            .init("backup", ["customer.example"], .smartHosts, relay: true, cost: 20),
            .init("a", ["customer.example"], .smartHosts, relay: true),
            .init("b", ["customer.example"], .smartHosts, relay: true), .init("c", ["customer.example"], .smartHosts, relay: true),
            .init("general", ["*"], .dns, relay: true),
        ])

    static func connector(_ message: Int64, down: Set<String> = []) throws -> String {
        try #require(try DecisionTests.decide("x@customer.example", in: equals, down: down, message: message).routes.first).connector
    }

    @Test("the lowest cost wins, and load is spread among equals by the message id")
    func spread() throws {
        var counts: [String: Int] = [:]
        for message in 0..<3000 as Range<Int64> { counts[try Self.connector(message), default: 0] += 1 }
        #expect(Set(counts.keys) == ["a", "b", "c"])
        #expect(counts.values.allSatisfy { (900...1100).contains($0) }, "\(counts)")
    }

    @Test("the same message always takes the same one")
    func stable() throws {
        for message in 0..<50 as Range<Int64> {
            #expect(try Self.connector(message) == (try Self.connector(message)))
        }
    }

    @Test("a connector that is down gives way to its equals, then to the next cost; messages of the others stay where they are")
    func down() throws {
        for message in 0..<200 as Range<Int64> {
            let usual = try Self.connector(message)
            let withoutA = try Self.connector(message, down: ["a"])
            #expect(usual == "a" ? ["b", "c"].contains(withoutA) : withoutA == usual)
            #expect(try Self.connector(message, down: ["a", "b", "c"]) == "backup")
        }
    }

    @Test("if all are down, the mail waits for the first, and never takes the general route")
    func allDown() throws {
        for message in 0..<50 as Range<Int64> {
            #expect(try Self.connector(message, down: ["a", "b", "c", "backup"]) == (try Self.connector(message)))
        }
    }
}
