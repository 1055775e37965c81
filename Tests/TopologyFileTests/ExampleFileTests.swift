import MailVocabulary
import Testing
import Topology

import struct Topology.SourceLocation

@testable import TopologyFile

@Suite("The example file")
struct ExampleFileTests {
    private let result = TopologyFile.load(path: Fixture.path("postern.example.yaml"))

    @Test("it loads, and all that is said of it is what does not act yet")
    func loads() {
        #expect(result.topology != nil)
        #expect(result.findings.allSatisfy { $0.severity == .notice })
        #expect(
            result.findings.map(\.path) == [
                "resolver.dnssec", "connectors.general.schedule", "connectors.isp.pull",
                "connectors.isp.link", "connectors.branch.hold_for", "outbound.default.delay_notification",
                "outbound.default.masquerade_domain", "reports.copy_to", "logs.protocol",
            ])
    }

    @Test("the world at large")
    func world() throws {
        let topology = try #require(result.topology)
        let folder = FilePath.folder(of: Fixture.path("postern.example.yaml"))
        #expect(topology.hostname == DomainName(parsing: "mail.tailspintoys.example"))
        #expect(topology.defaultDomain == DomainName(parsing: "tailspintoys.example"))
        #expect(topology.stateDirectory == "/var/lib/postern")
        #expect(topology.runtimeDirectory == "/run/postern")
        #expect(topology.runAs.account(of: .mailbox) == "postern-mailbox")
        #expect(topology.controlGroup == "postern")
        #expect(topology.certificates["default"]?.key == folder + "/tls/mail.key")
        #expect(topology.resolver.servers.map(\.port) == [5353])
        #expect(topology.resolver.dnssec == .trustAnchor(file: folder + "/lab-root.key"))
        #expect(topology.resolver.hostsFile == "/etc/hosts")
        #expect(topology.identity.failures.lockAfter == 20)
        #expect(topology.reports.badmailDirectory == "/var/lib/postern/badmail")
        #expect(topology.maximumHops == 30)
        #expect(topology.logs.format == .json)
        #expect(topology.logs.protocolLog?.format == .w3c)
        let branchName = try #require(DomainName(parsing: "branch.tailspintoys.example"))
        let branch = try #require(topology.domains[branchName])
        #expect(branch.kind == .shared(unknownTo: SmartHost(host: .literal(IPAddress(ipv4: 0xC000_0228)), location: branch.sharedLocation)))
        #expect(branch.location.line == 24)
        #expect(
            topology.permissions.receive.first?.recipients.map(\.description) == [
                "group:students@tailspintoys.example", "all@tailspintoys.example",
            ])
        #expect(topology.permissions.receive.first?.senders == .authenticated)
        #expect(topology.revision.count == 16)
    }

    @Test("the virtual servers")
    func virtualServers() throws {
        let topology = try #require(result.topology)
        #expect(topology.virtualServers.map(\.name) == ["internet", "clients"])
        let internet = topology.virtualServers[0]
        #expect(internet.isEdge)
        #expect(internet.listeners.map(\.description) == ["0.0.0.0:25", "[::]:25"])
        #expect(internet.connections.limit == 2000)
        #expect(internet.connections.limitPerNetwork == 50)
        #expect(internet.connections.timeout == .seconds(600))
        #expect(internet.connections.access.entries.map(\.description) == ["192.0.2.66", "198.51.100.0/24", "*.bad.example"])
        #expect(internet.connections.access.entries[2].location.line == 55)
        #expect(internet.reverseDNS == ReverseDNSPolicy(lookup: true, onFailure: .annotate, location: internet.reverseDNS.location))
        #expect(internet.reverseDNS.location.line == 56 && internet.limits.messageSizeLocation.line == 58)
        #expect(
            internet.limits
                == SessionLimits(
                    messageSize: .mebibytes(10), sessionSize: .mebibytes(100), recipients: 100, lineLength: nil,
                    messageSizeLocation: internet.limits.messageSizeLocation, lineLengthLocation: internet.limits.lineLengthLocation))
        let clients = topology.virtualServers[1]
        guard case .submission(let settings) = clients.role else {
            Issue.record("not a submission server")
            return
        }
        #expect(clients.listeners.map(\.implicitTLS) == [false, true])
        #expect(clients.tls.minimumBits == 128)
        #expect(clients.tls.mode == .required)
        #expect(settings.authentication.basic?.mechanisms == [.plain, .login])
        #expect(settings.authentication.integrated?.mechanisms == [.gssapi, .ntlm])
        #expect(settings.relay.accounts == .all)
        #expect(settings.relay.computers.entries.map(\.description) == ["192.0.2.10", "10.1.0.0/16", "printers.tailspintoys.example"])
    }

    @Test("the connectors")
    func connectors() throws {
        let topology = try #require(result.topology)
        #expect(topology.connectors.map(\.name) == ["mailboxes", "general", "general-backup", "partner", "isp", "branch"])
        #expect(topology.connector(named: "mailboxes")?.deliver == .lmtp(.unix(path: "/run/dovecot/lmtp")))
        let general = try #require(topology.connector(named: "general"))
        #expect(general.deliver == .dns)
        #expect(general.addressSpaces.map(\.cost) == [10])
        #expect(
            general.restrictions.rejectFrom.map(\.description) == [
                "m.alexander@tailspintoys.example", "s.alexander@tailspintoys.example", "m.allen@tailspintoys.example",
                "group:students@tailspintoys.example",
            ])
        #expect(general.schedule == ConnectorSchedule(location: general.schedule.location))
        let partner = try #require(topology.connector(named: "partner"))
        #expect(partner.addressSpaces.map(\.pattern.description) == ["*.fabrikam.example", "fabrikam.example"])
        guard case .smartHosts(let hosts, false) = partner.deliver else {
            Issue.record("no smart hosts")
            return
        }
        #expect(hosts.map(\.description) == ["relay.fabrikam.example", "[192.0.2.25]:2525"])
        #expect(partner.tls == .verified)
        #expect(partner.outbound == "slow-line")
        let isp = try #require(topology.connector(named: "isp"))
        #expect(isp.pull?.times.map(\.time) == [.at(minute: 120), .hourly])
        #expect(isp.link?.up == ["/etc/postern/dial", "up"])
        guard case .held(let holdFor)? = topology.connector(named: "branch")?.deliver else {
            Issue.record("not held")
            return
        }
        #expect(holdFor.accounts.map(\.description) == ["branch-server@tailspintoys.example"])
        #expect(holdFor.methods == [.etrn, .turn, .atrn])
    }

    @Test("a profile has the rest as in `default`")
    func outbound() throws {
        let topology = try #require(result.topology)
        let standard = try #require(topology.outbound["default"])
        let slow = try #require(topology.outbound["slow-line"])
        #expect(standard.source.ipv4 == IPAddress(parsing: "203.0.113.25"))
        #expect(slow.connections == OutboundConnections(limit: 10, limitPerDomain: 2))
        #expect(slow.source == standard.source)
        #expect(slow.expiration == .seconds(172_800))
    }
}

extension ReceivingDomain {
    fileprivate var sharedLocation: SourceLocation {
        if case .shared(let host?) = kind { host.location } else { .builtIn }
    }
}
