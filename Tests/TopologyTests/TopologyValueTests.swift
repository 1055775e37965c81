import MailVocabulary
import Testing

@testable import Topology

@Suite("Topologies made by hand")
struct TopologyValueTests {
    @Test("defaults are those of the reference: S02 to S07, E01 to E03, E07 to E10")
    func defaults() throws {
        let topology = Topology(hostname: try #require(DomainName(parsing: "mail.example")))
        let profile = try #require(topology.outbound["default"])
        #expect(
            profile.connections
                == OutboundConnections(limit: 1000, limitPerDomain: 100, timeout: .seconds(600), port: 25, messagesPerConnection: 20))
        #expect(
            profile.retry
                == RetryIntervals(first: .seconds(900), second: .seconds(1800), third: .seconds(3600), subsequent: .seconds(14_400)))
        #expect(profile.expiration == .seconds(432_000))
        #expect(profile.delayNotification == .seconds(43_200))
        #expect(topology.maximumHops == 100)
        #expect(topology.reports.badmailDirectory == "/var/lib/postern/badmail")
        let server = VirtualServer(name: "internet", listeners: [])
        #expect(server.connections == ConnectionSettings(limit: 2000, limitPerNetwork: 50, timeout: .seconds(600), access: .everyone))
        #expect(server.limits.messageSize == .mebibytes(10))
        #expect(server.limits.sessionSize == .mebibytes(100))
        #expect(server.limits.recipients == 64_000)
        #expect(server.limits.messagesPerConnection == nil && server.limits.lineLength == nil)
        #expect(server.reverseDNS == ReverseDNSPolicy(lookup: false, onFailure: .annotate))
        #expect(server.isEdge)
    }

    @Test("a connector that names no profile sends by `default`")
    func profileOfConnector() throws {
        let slow = OutboundProfile(name: "slow", connections: OutboundConnections(limit: 1))
        let topology = Topology(
            hostname: try #require(DomainName(parsing: "mail.example")),
            connectors: [
                Connector(name: "a", addressSpaces: [AddressSpace(.any)], deliver: .dns),
                Connector(name: "b", addressSpaces: [AddressSpace(.any)], deliver: .dns, outbound: "slow"),
            ], outbound: [slow])
        #expect(topology.outboundProfile(of: try #require(topology.connector(named: "a"))).name == "default")
        #expect(topology.outboundProfile(of: try #require(topology.connector(named: "b"))) == slow)
        #expect(topology.connector(named: "c") == nil)
    }

    @Test(
        "an address space reads and writes as the configuration says it (S22)",
        arguments: [("*", "*"), ("Fabrikam.Example", "fabrikam.example"), ("*.fabrikam.example.", "*.fabrikam.example")])
    func addressSpace(text: String, written: String) throws {
        #expect(try #require(AddressSpace.Pattern(parsing: text)).description == written)
    }

    @Test("what is not an address space is refused", arguments: ["", "*.", "**", "*.*", "a b", "*x.example", "-a.example"])
    func notAnAddressSpace(text: String) { #expect(AddressSpace.Pattern(parsing: text) == nil) }

    @Test("locations are written and ordered as compilers do")
    func locations() {
        let first = SourceLocation(file: "postern.yaml", line: 9, column: 20)
        let second = SourceLocation(file: "postern.yaml", line: 10, column: 1)
        #expect(first < second)
        #expect(first.description == "postern.yaml:9:20")
        #expect(SourceLocation.builtIn.description == "(built in)")
    }

    @Test("smart hosts and LMTP targets are written as in the configuration")
    func hosts() throws {
        let address = try #require(IPAddress(parsing: "2001:db8::1"))
        #expect(SmartHost(host: .literal(address), port: 2525).description == "[2001:db8::1]:2525")
        #expect(SmartHost(host: .name(try #require(DomainName(parsing: "relay.example")))).description == "relay.example")
        #expect(LMTPTarget.unix(path: "/run/lmtp").description == "unix:/run/lmtp")
        #expect(Listener(address: address, port: 25).description == "[2001:db8::1]:25")
    }
}
