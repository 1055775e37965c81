import Foundation
import Logging
import MailVocabulary
import NIOCore
import NIOPosix
import SMTPClient
import Testing
import Topology
import TransportSecurity

@testable import DeliveryService

@Suite("TLS and login of connectors")
struct ConnectorSecurityTests {
    private let peer = PeerReference.host(DomainName(parsing: "relay.example")!)
    private let relay = MailDomain.name(DomainName(parsing: "relay.example")!)

    private func connector(
        _ name: String, _ tls: ConnectorTLS = .opportunistic, ca: String? = nil, login authentication: ClientAuthentication? = nil
    ) -> Connector {
        Connector(
            name: name, addressSpaces: [], deliver: .smartHosts([SmartHost(host: relay)], directFirst: false), tls: tls,
            certificateAuthorities: ca, authentication: authentication)
    }

    private func security(_ connectors: Connector...) throws -> ConnectorSecurity {
        try ConnectorSecurity(
            Topology(hostname: DomainName(parsing: "us.example")!, connectors: connectors), log: Logger(label: "test"))
    }

    private func password(_ text: String = "secret", mode: UInt32 = 0o600) throws -> String {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("password-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, mode)
        return path
    }

    @Test("each mode has the TLS that it names, and equal settings share the sessions that can be resumed")
    func modes() throws {
        let connectors = [connector("n", .none), connector("o"), connector("r", .required), connector("v", .verified)]
        let security = try security(connectors[0], connectors[1], connectors[2], connectors[3])
        let tls = connectors.map { security.tls(of: $0, to: peer) }
        #expect(tls[0] == nil && tls.dropFirst().allSatisfy { $0 != nil })
        #expect(tls.compactMap(\.?.isMandatory) == [false, true, true])
        #expect(tls.compactMap(\.?.context.settings.verification) == [.reported, .reported, .required])
        #expect(tls[1]?.context === tls[2]?.context && tls[2]?.context !== tls[3]?.context)
        #expect(security.tls(of: nil, to: peer)?.isMandatory == false)
    }

    @Test("who logs in is the connector's business, and nobody else's")
    func logins() throws {
        let file = try password()
        defer { unlink(file) }
        let with = connector("with", login: ClientAuthentication(.password(user: "us", file: file), isAllowedInClear: true))
        let ticket = connector("ticket", login: ClientAuthentication(.ticket(cache: "/run/ticket")))
        let without = connector("without")
        let security = try security(with, ticket, without)
        let login = try #require(security.login(of: with, at: relay))
        #expect(login.credential == .password(user: "us", password: Array("secret".utf8)))
        #expect(login.isAllowedInClear && login.hostname.text == "relay.example")
        #expect(security.login(of: ticket, at: relay)?.credential == .kerberos(cache: "FILE:/run/ticket"))
        #expect(security.login(of: ticket, at: relay)?.isAllowedInClear == false)
        #expect(security.login(of: without, at: relay) == nil && security.login(of: nil, at: relay) == nil)
    }

    @Test("a password or authorities that cannot be read are said with connector and file")
    func problems() throws {
        let file = try password(mode: 0o644)
        defer { unlink(file) }
        #expect {
            try security(connector("partner", login: ClientAuthentication(.password(user: "us", file: file))))
        } throws: {
            "\($0)".hasPrefix("the password of connector 'partner', \(file): it is open to everybody on this machine")
        }
        #expect {
            try security(connector("partner", .verified, ca: file))
        } throws: {
            "\($0)".hasPrefix("TLS of connector 'partner': TLS is not available: \(file)")
        }
    }

    @Test("the best mechanism of those offered is begun; a password only where it is protected, or may go in clear")
    func mechanisms() async throws {
        let file = try password()
        defer { unlink(file) }
        let plain = connector("plain", login: ClientAuthentication(.password(user: "us", file: file)))
        let clear = connector("clear", login: ClientAuthentication(.password(user: "us", file: file), isAllowedInClear: true))
        let security = try security(plain, clear)
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        func begin(_ connector: Connector, _ offered: [String], isEncrypted: Bool = true) async throws -> ClientLoginBeginning {
            try await #require(security.login(of: connector, at: relay)).begin(mechanisms: offered, isEncrypted: isEncrypted, on: loop)
                .get()
        }
        let best = try await begin(plain, ["PLAIN", "LOGIN", "SCRAM-SHA-256"])
        #expect(best.mechanism == "SCRAM-SHA-256" && best.initialResponse?.starts(with: Array("n,,n=us,r=".utf8)) == true)
        #expect(best.exchange.objection() != nil)
        let basic = try await begin(plain, ["LOGIN", "PLAIN"])
        #expect(basic.mechanism == "PLAIN" && basic.initialResponse == Array("\0us\0secret".utf8))
        let asked = try await begin(plain, ["LOGIN"])
        #expect(asked.mechanism == "LOGIN" && asked.initialResponse == nil)
        #expect(try await asked.exchange.respond(to: Array("Username:".utf8), on: loop).get() == Array("us".utf8))
        #expect(try await asked.exchange.respond(to: Array("Password:".utf8), on: loop).get() == Array("secret".utf8))
        #expect(asked.exchange.objection() == nil)
        #expect(try await begin(clear, ["PLAIN"], isEncrypted: false).mechanism == "PLAIN")
        await #expect(throws: ClientLoginFailure.self) { _ = try await begin(plain, ["PLAIN"], isEncrypted: false) }
        await #expect(throws: ClientLoginFailure.self) { _ = try await begin(plain, ["NTLM"]) }
    }
}
