import Foundation
import MailVocabulary
import Routing
import Testing

@testable import TopologyFile

@Suite("The network around the listeners")
struct NetworkSurroundingsTests {
    /// A machine with a default gateway, a bridge for containers and one that is down.
    private static let tables = RoutingTables(
        ipv4Routes: """
            Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
            eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
            eth0\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
            docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
            eth0\t0000000A\t0200A8C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0
            short\t00
            """,
        ipv6Routes: """
            fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
            00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0
            00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
            """,
        ipv4Trie: """
            Local:
              +-- 0.0.0.0/0 3 0 5
                 |-- 127.0.0.1
                    /32 host LOCAL
                 |-- 172.17.0.0
                    /16 link UNICAST
                 |-- 172.17.0.1
                    /32 host LOCAL
                 |-- 172.17.255.255
                    /32 link BROADCAST
                 |-- 192.168.0.7
                    /32 host LOCAL
            """,
        ipv6Addresses: """
            00000000000000000000000000000001 01 80 10 80       lo
            fd000000000000000000000000000002 04 40 00 82     eth0
            fd01000000000000000000000000000g 05 40 00 82  docker0
            fd010000000000000000000000000001 05 40 00 82  docker0
            """,
        bridges: ["docker0", "br-down"])

    @Test("default gateways and own addresses on bridges are found in the kernel's tables")
    func tables() {
        #expect(
            Self.tables.neighbours.map(\.description) == [
                "192.168.0.1 (the default gateway, eth0)", "fd00::1 (the default gateway, eth0)",
                "172.17.0.1 (this machine's address on a bridge, docker0)", "fd01::1 (this machine's address on a bridge, docker0)",
            ])
        #expect(RoutingTables(ipv4Routes: "garbage\n\n\t\t", ipv4Trie: "/32 host LOCAL", bridges: ["x"]).neighbours.isEmpty)
    }

    @Test("this machine's own tables can be read, and what cannot is said")
    func ofThisProcess() throws {
        #expect(NetworkSurroundings.ofThisProcess().unknown.isEmpty)
        let folder = try TemporaryFolder()
        let blind = NetworkSurroundings.ofThisProcess(proc: folder.path, interfaces: folder.path + "/none")
        #expect(blind.neighbours.isEmpty)
        #expect(blind.unknown.count == 3 && blind.unknown.allSatisfy { $0.hasPrefix(folder.path) }, "\(blind.unknown)")
    }

    private static func findings(
        _ relay: String, anonymous: Bool = true, surroundings: NetworkSurroundings = .init(neighbours: tables.neighbours)
    ) -> [String] {
        let text = """
            version: 1
            hostname: mail.example.org
            default_domain: example.org
            domains: { example.org: authoritative }
            virtual_servers:
              printers:
                role: submission
                listen: ["127.0.0.1:2587"]
                authentication: { anonymous: \(anonymous), basic: { mechanisms: [PLAIN], require_tls: false } }
                relay:
                  computers: \(relay)
            connectors:
              mailboxes: { address_spaces: [{ domain: example.org }], deliver: { maildir: "mail/{user}" } }
              general: { address_spaces: [{ domain: "*" }], deliver: dns }

            """
        return TopologyFile.parse(Array(text.utf8), path: "postern.yaml", surroundings: surroundings).findings
            .filter { $0.path.hasPrefix("virtual_servers.printers.relay.computers") }.map(\.description)
    }

    @Test("a list that covers the gateway or a bridge is refused with its line, unless that is said to be meant")
    func refused() throws {
        let refused = Self.findings("{ only: [172.16.0.0/12] }")
        #expect(refused.count == 1)
        let text = try #require(refused.first)
        #expect(
            text.hasPrefix("postern.yaml:11:7: error: virtual_servers.printers.relay.computers: an open relay: 172.17.0.1 ("), "\(text)")
        #expect(text.contains("acknowledge_open_relay: true"))
        #expect(Self.findings("{ only: [192.168.0.0/16] }").first?.contains("192.168.0.1 (the default gateway, eth0)") == true)
        #expect(Self.findings("{ only: [192.168.0.64/26, 10.0.0.0/8] }").isEmpty)
        #expect(Self.findings("{ only: [172.16.0.0/12] }", surroundings: .ignored).isEmpty)
        #expect(Self.findings("{ only: [172.16.0.0/12] }", anonymous: false).isEmpty)
        let meant = Self.findings("{ only: [172.16.0.0/12], acknowledge_open_relay: true }")
        #expect(meant.count == 1, "\(meant)")
        #expect(meant[0].contains("warning") && meant[0].hasSuffix("acknowledged"), "\(meant)")
        let blind = Self.findings("{ only: [172.16.0.0/12] }", surroundings: .init(unknown: ["/proc/net/route: permission denied"]))
        #expect(blind.count == 1, "\(blind)")
        #expect(blind[0].contains("could not be looked at: /proc/net/route: permission denied"), "\(blind)")
    }
}
