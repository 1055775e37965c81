import ArgumentParser
import Glibc
import MailVocabulary
import NIOPosix
import NameResolution
import ServiceRuntime
import Topology
import TransportSecurity

/// `postern probe` (S31)
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Try the way to a domain, stage by stage. Nothing is delivered.",
        discussion: """
            DNS, connection, banner, EHLO, TLS, and with --from and --to what the servers say to MAIL and RCPT; never DATA. The way is that \
            of the configuration's connector, with --direct that of the DNS. It starts here, so run it where postern-delivery runs. Exit \
            status 0 where an address passed every stage, 1 where mail would be returned or goes another way, 75 where it would wait.
            """)

    @Argument(help: "A domain, or an address literal such as '[192.0.2.1]'.") var domain: String
    @Option(help: "The sender that is tried; '<>' is the null reverse-path.") var from: String?
    @Option(help: "The recipient that is tried.") var to: String?
    @Option(help: "Connect to this port, whatever the configuration says.") var port: Int?
    @Flag(help: "Ask the DNS, whatever connector covers the domain.") var direct = false
    @Option(help: ArgumentHelp("Seconds for each stage, 1 to 300; delivery waits longer.", valueName: "seconds")) var timeout = 10
    @Option(help: ArgumentHelp("Seconds for everything, 1 to 3600.", valueName: "seconds")) var total = 120
    @Flag(help: "One JSON object.") var json = false
    @OptionGroup var options: ResolverOptions

    func validate() throws {
        guard (1...300).contains(timeout) else { throw ValidationError("--timeout: \(timeout) is out of range (accepted: 1 to 300)") }
        guard (1...3600).contains(total) else { throw ValidationError("--total: \(total) is out of range (accepted: 1 to 3600)") }
        if let port, !(1...65535).contains(port) { throw ValidationError("--port: \(port) is no port (accepted: 1 to 65535)") }
        _ = try (mailDomain(), envelope())
    }

    func run() async throws {
        let (domain, envelope) = try (mailDomain(), envelope())
        let topology = try options.topology()
        let choice = options.choice(topology)
        let route: ProbeRoute
        if let topology, !direct {
            route = .configured(domain, port: port, in: topology)
        } else {
            route = .direct(
                domain, port: port, profile: topology?.defaultOutboundProfile ?? OutboundProfile(),
                words: topology == nil ? "by the DNS, without a configuration" : "by the DNS, whatever the configuration says")
        }
        let prober = Prober(
            resolver: try choice.resolver(), isValidating: choice.isValidating,
            ourself: OwnIdentity(names: topology.map { [$0.hostname] } ?? []),
            settings: ProbeDialogue.Settings(
                ourName: topology?.hostname.text ?? Self.nameOfMachine, useHELO: route.connector?.helo ?? false,
                tls: route.connector?.tls ?? .opportunistic, context: try context(route.connector), envelope: envelope,
                stageTimeout: .seconds(timeout), end: ContinuousClock.now + .seconds(total)),
            eventLoop: MultiThreadedEventLoopGroup.singleton.any())
        let report = await prober.run(domain, route)
        if json {
            StandardOutput.printJSON(try JSONLine.text(ProbeJSON(report, servers: choice.servers, now: .now())))
        } else {
            StandardOutput.printPainted(ProbeText(report, askedOf: choice.words, paint: .ofStandardOutput()).text)
        }
        switch ProbeVerdict(report).kind {
        case .works: break
        case .permanent, .notSent: throw ExitCode(1)
        case .temporary: throw ExitCode(ExitStatus.temporaryFailure.rawValue)
        }
    }

    /// Takes any certificate, so that what is wrong with it can be told.
    private func context(_ connector: Connector?) throws -> TransportSecurity.ClientContext? {
        if connector?.tls == ConnectorTLS.none { return nil }
        let settings = ClientSettings(
            verification: .reported, trust: connector?.certificateAuthorities.map { .file($0) } ?? .system, rememberedSessions: 0)
        do throws(TLSError) { return try TransportSecurity.ClientContext(settings) } catch {
            Environment.printError("postern: \(error)")
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
    }

    private func mailDomain() throws -> MailDomain {
        if domain.hasPrefix("["), domain.hasSuffix("]") {
            let inside = domain.dropFirst().dropLast()
            let text = inside.lowercased().hasPrefix("ipv6:") ? inside.dropFirst(5) : inside
            if let address = IPAddress(parsing: text) { return .literal(address) }
        } else if let name = DomainName(inAddress: domain), IPAddress(parsing: domain) == nil {
            return .name(name)
        }
        throw ValidationError("'\(domain)' is no domain (accepted: example.org or '[192.0.2.1]')")
    }

    private func envelope() throws -> ProbeEnvelope? {
        guard from != nil || to != nil else { return nil }
        guard let from, let to else { throw ValidationError("--from and --to are given together") }
        guard let recipient = EmailAddress(parsing: to) else { throw ValidationError("--to: '\(to)' is no address") }
        if from == "<>" || from.isEmpty { return ProbeEnvelope(sender: "", recipient: "\(recipient)") }
        guard let sender = EmailAddress(parsing: from) else {
            throw ValidationError("--from: '\(from)' is no address (accepted: '<>' too)")
        }
        return ProbeEnvelope(sender: "\(sender)", recipient: "\(recipient)")
    }

    /// For EHLO, without a configuration.
    private static var nameOfMachine: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let octets = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return DomainName(parsing: String(decoding: octets, as: UTF8.self))?.text ?? "localhost"
    }
}
