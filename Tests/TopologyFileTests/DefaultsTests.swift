import MailVocabulary
import Testing
import Topology
import TopologyFile

@Suite("Defaults")
struct DefaultsTests {
    @Test("writing the defaults out changes nothing but places")
    func writtenOut() throws {
        let text = """
            version: 1
            hostname: mail.example.org
            default_domain: example.org
            domains: { example.org: authoritative }
            virtual_servers:
              internet:
                role: edge
                listen: ["0.0.0.0:25"]
                connections: { limit: 2000, limit_per_network: 50, timeout: 10m, access: { all_except: [] } }
                reverse_dns: { lookup: false }
                limits: { message_size: 10MiB, session_size: 100MiB, recipients: 64000, messages_per_connection: none, line_length: none }
            connectors:
              mailboxes:
                address_spaces: [{ domain: example.org }]
                deliver: { maildir: "mail/{domain}/{user}" }
              general:
                address_spaces: [{ domain: "*" }]
                deliver: dns
                relay: false
                acknowledge_open_relay: false
                outbound: default
            outbound:
              default:
                connections: { limit: 1000, limit_per_domain: 100, timeout: 10m, port: 25, messages_per_connection: 20 }
                source: { family: any }
                retry: { first: 15m, second: 30m, third: 60m, subsequent: 4h }
                expiration: 5d
            state_directory: /var/lib/postern
            runtime_directory: /run/postern
            maximum_hops: 100
            on_reroute_refusal: hold
            logs: { level: info }
            postmaster: admin
            permissions: { check_header: false }
            identity: { iterations: 100000, password_cache: true }

            """
        let result = Fixture.load(text)
        #expect(result.findings.map(\.description) == [])
        let explicit = try #require(result.topology)
        let implicit = try #require(Fixture.load(Fixture.base).topology)
        #expect(explicit.stateDirectory == implicit.stateDirectory)
        #expect(explicit.runtimeDirectory == implicit.runtimeDirectory)
        #expect(explicit.maximumHops == implicit.maximumHops)
        #expect(explicit.onRerouteRefusal == implicit.onRerouteRefusal)
        #expect(explicit.logs == implicit.logs)
        #expect(explicit.resolver == implicit.resolver)
        #expect(explicit.permissions == implicit.permissions && explicit.identity == implicit.identity)
        let (written, left) = (explicit.virtualServers[0], implicit.virtualServers[0])
        #expect(written.connections.limit == left.connections.limit && written.connections.timeout == left.connections.timeout)
        #expect(written.connections.limitPerNetwork == left.connections.limitPerNetwork)
        #expect(written.connections.access == left.connections.access)
        #expect(written.reverseDNS.lookup == left.reverseDNS.lookup && written.reverseDNS.onFailure == left.reverseDNS.onFailure)
        #expect(written.limits.messageSize == left.limits.messageSize && written.limits.sessionSize == left.limits.sessionSize)
        #expect(written.limits.recipients == left.limits.recipients)
        #expect(written.limits.messagesPerConnection == left.limits.messagesPerConnection)
        #expect(written.limits.lineLength == left.limits.lineLength)
        #expect(explicit.connectors.map(\.deliver) == implicit.connectors.map(\.deliver))
        #expect(explicit.connectors.map(\.outbound) == implicit.connectors.map(\.outbound))
        let (first, second) = (explicit.outbound["default"], implicit.outbound["default"])
        #expect(first?.connections == second?.connections)
        #expect(first?.retry == second?.retry)
        #expect(first?.source == second?.source)
        #expect(first?.expiration == second?.expiration)
        #expect(explicit.revision != implicit.revision)
    }

    @Test("the session size follows the message size (E02), and `none` is no limit")
    func sessionSize() throws {
        func limits(_ text: String) throws -> SessionLimits {
            let text = Fixture.base.replacing("    listen: [\"0.0.0.0:25\"]\n", with: "    listen: [\"0.0.0.0:25\"]\n    limits: \(text)\n")
            return try #require(Fixture.load(text).topology).virtualServers[0].limits
        }
        #expect(try limits("{ message_size: 1MiB }").sessionSize == .mebibytes(10))
        #expect(try limits("{ message_size: none }").sessionSize == nil)
        #expect(try limits("{ message_size: 4000000000GiB }").sessionSize == nil)
        #expect(
            try limits("{ session_size: none, recipients: none, messages_per_connection: none }")
                == SessionLimits(sessionSize: nil, recipients: nil, messagesPerConnection: nil))
    }

    @Test("a lower limit takes the inherited limit per domain down with it (S05)")
    func limitPerDomain() throws {
        let topology = try #require(Fixture.load(Fixture.base + "outbound: { default: { connections: { limit: 10 } } }\n").topology)
        #expect(topology.outbound["default"]?.connections.limitPerDomain == 10)
    }

    @Test("without a host name in the file, the machine's full name is taken, or the file is refused (E12)")
    func hostname() {
        let result = Fixture.load(Fixture.base.replacing("hostname: mail.example.org\n", with: ""))
        #expect(result.topology?.hostname.parent != nil || result.findings.map(\.path) == ["hostname"])
    }
}
