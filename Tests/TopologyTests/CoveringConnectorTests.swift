import MailVocabulary
import Testing
import Topology

@Suite("Which connectors cover a domain, and names of Maildirs")
struct CoveringConnectorTests {
    @Test(
        "those with the most specific address space",
        arguments: [
            ("a.example", ["exact"]), ("b.a.example", ["below"]), ("c.b.a.example", ["nearer"]), ("x.example", ["any", "any2"]),
        ])
    func covering(domain: String, names: [String]) throws {
        let name = try #require(DomainName(parsing: "mail.example"))
        func connector(_ name: String, _ pattern: String) throws -> Connector {
            Connector(name: name, addressSpaces: [AddressSpace(try #require(AddressSpace.Pattern(parsing: pattern)))], deliver: .dns)
        }
        let topology = Topology(
            hostname: name,
            connectors: [
                try connector("any", "*"), try connector("below", "*.a.example"), try connector("exact", "a.example"),
                try connector("nearer", "*.b.a.example"), try connector("any2", "*"),
            ])
        #expect(topology.connectors(covering: try #require(DomainName(parsing: domain))).map(\.name) == names)
    }

    @Test(
        "a name that a folder cannot have is told",
        arguments: ["", "a/b", ".a", "..", "a\u{1}", "a\u{85}", String(repeating: "a", count: 256)])
    func names(name: String) { #expect(MaildirName.problem(name) != nil) }

    @Test("other names are fine", arguments: ["a", "a.b", "a b", "-", "\"", "ä"])
    func goodNames(name: String) { #expect(MaildirName.problem(name) == nil) }
}
