import Testing
import TopologyFile

/// Each file in `Fixtures/Broken` and `Fixtures/Doubtful` says in its first line what it shows, and at its end what must be said of it:
/// `# expected: line:column: severity: path: what (accepted: …)`, all of it and nothing else.
@Suite("What an administrator gets wrong")
struct FindingFixtureTests {
    @Test("a broken file is refused with all of its errors, each at its place", arguments: Fixture.names(in: "Broken"))
    func broken(name: String) throws {
        let (expected, result) = try load("Broken/" + name)
        #expect(!expected.isEmpty)
        #expect(result.findings.map(Self.withoutFile) == expected)
        #expect(result.topology == nil)
        #expect(result.findings.allSatisfy { $0.severity == .error && $0.accepted != nil })
    }

    @Test("a doubtful file is loaded with warnings and notices", arguments: Fixture.names(in: "Doubtful"))
    func doubtful(name: String) throws {
        let (expected, result) = try load("Doubtful/" + name)
        #expect(result.findings.map(Self.withoutFile) == expected)
        #expect(result.topology != nil)
        #expect(result.findings.allSatisfy { $0.severity != .error })
    }

    @Test(
        "an open relay is shown as a dialogue that would succeed (law 5)",
        arguments: ["an-open-relay-over-a-connector-law-5.yaml", "an-open-relay-over-a-submission-server-s20.yaml"])
    func dialogue(name: String) throws {
        let finding = try #require(try load("Broken/" + name).result.findings.first)
        #expect(finding.example.first?.contains(" connects to ") == true)
        #expect(finding.example.suffix(2) == ["C: RCPT TO:<victim@victim.example>", "S: 250 2.1.5 Recipient OK"])
        #expect(finding.text.hasSuffix("\n    S: 250 2.1.5 Recipient OK"))
    }

    @Test("the fixtures are there")
    func count() {
        #expect(Fixture.names(in: "Broken").count >= 55)
        #expect(Fixture.names(in: "Doubtful").count >= 19)
    }

    private func load(_ name: String) throws -> (expected: [String], result: LoadResult) {
        let path = Fixture.path(name)
        let prefix = "# expected: "
        let expected = try Fixture.text(path).split(separator: "\n").filter { $0.hasPrefix(prefix) }.map {
            String($0.dropFirst(prefix.count))
        }
        return (expected, TopologyFile.load(path: path))
    }

    private static func withoutFile(_ finding: Finding) -> String { String(finding.description.dropFirst(finding.location.file.count + 1)) }
}
