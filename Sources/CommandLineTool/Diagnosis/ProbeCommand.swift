import ArgumentParser
import Glibc
import MailVocabulary
import NameResolution
import ServiceRuntime
import Topology
import TopologyFile

/// `postern probe` (S31)
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Go the way of mail to a domain, stage by stage, and say where it ends. Sends nothing.",
        discussion: """
            DNS, connection, greeting, EHLO, TLS with its certificate, and with --from and --to the answers to MAIL and RCPT; never DATA. \
            Where a connector of the configuration carries the domain to smart hosts, these are probed; --direct goes by DNS all the same. \
            It goes out from this machine and account: a firewall or source address of postern-delivery may be another matter. Exit \
            status: 0 where mail would be taken, 1 where it would not, 75 where it would wait.
            """)

    @Argument(help: "The domain.") var domain: String
    @Option(help: "The reverse-path for MAIL; '<>' for none.") var from: String?
    @Option(help: "The recipient for RCPT.") var to: String?
    @Option(help: "The port.") var port: UInt16 = 25
    @Option(help: ArgumentHelp("Seconds for each stage, 1 to 300.", valueName: "seconds")) var timeout = 15
    @Flag(help: "By DNS, whatever connectors say.") var direct = false
    @Flag(help: "One JSON object at the end.") var json = false
    @OptionGroup var options: DiagnosisOptions

    func validate() throws {
        guard DomainName(parsing: domain) != nil else { throw ValidationError("'\(domain)' is not a domain name") }
        guard (1...300).contains(timeout) else { throw ValidationError("--timeout is from 1 to 300") }
        for address in [from == "<>" ? nil : from, to].compactMap({ $0 }) where EmailAddress(parsing: address) == nil {
            throw ValidationError("'\(address)' is not an address")
        }
    }

    func run() async throws {
        guard let name = DomainName(parsing: domain) else { return }
        let topology = try options.topology()
        let looking = try options.resolver(topology)
        let hosts = direct ? nil : topology.flatMap { Self.smartHosts(for: name, in: $0) }
        let show: ((ProbeReport.Stage) -> Void)? = json ? nil : { Self.show($0) }
        var probe = Probe(
            looking, hostname: topology?.hostname.text ?? Self.ownName, port: hosts?.port ?? port,
            from: from.flatMap { EmailAddress(parsing: $0) }, to: to.flatMap { EmailAddress(parsing: $0) }, timeout: .seconds(timeout),
            show: show)
        if let hosts {
            if !json { StandardOutput.print("connector \(hosts.connector) carries \(name) to smart hosts; they are probed\n") }
            switch hosts.host {
            case .name(let host): try await probe.run(hosts: [host], of: "connector \(hosts.connector)")
            case .literal(let address): _ = probe.run(address: address, host: nil)
            }
        } else {
            try await probe.run(domain: name)
        }
        let report = probe.report
        if json {
            StandardOutput.print(try JSONLine.text(report))
        } else {
            let text = StepText.wrapped(report.verdict, indentation: "").joined(separator: "\n")
            let colour = report.isDeliverable ? 32 : report.isTransient ? 33 : 31
            StandardOutput.print("\n" + (Environment.isTerminal(STDOUT_FILENO) ? "\u{1B}[1;\(colour)m\(text)\u{1B}[0m" : text))
        }
        guard report.isDeliverable else { throw ExitCode(report.isTransient ? ExitStatus.temporaryFailure.rawValue : 1) }
    }

    private static func show(_ stage: ProbeReport.Stage) {
        let head = "\(stage.stage)\(stage.at.isEmpty ? "" : " \(stage.at)")"
        let time = stage.milliseconds > 0 ? "  \(stage.milliseconds) ms" : ""
        let mark = stage.isGood ? " " : "!"
        let line = "\(mark) \(head)\(time)"
        let isTerminal = Environment.isTerminal(STDOUT_FILENO)
        StandardOutput.print(isTerminal && !stage.isGood ? "\u{1B}[31m\(line)\u{1B}[0m" : line)
        for found in stage.found {
            for text in StepText.wrapped(found, indentation: "      ") { StandardOutput.print(text) }
        }
    }

    /// Where this configuration sends mail of the domain, if not by DNS: the cheapest connector's first smart host.
    private static func smartHosts(for domain: DomainName, in topology: Topology) -> (connector: String, host: MailDomain, port: UInt16?)? {
        let covering = topology.connectors(covering: domain)
        func cost(_ connector: Connector) -> Int { connector.addressSpaces.map(\.cost).min() ?? .max }
        guard let connector = covering.min(by: { cost($0) < cost($1) }), case .smartHosts(let hosts, _) = connector.deliver,
            let first = hosts.first
        else { return nil }
        return (connector.name, first.host, first.port.map { UInt16(clamping: $0) })
    }

    /// The name of this machine, for EHLO where no configuration has one.
    private static var ownName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, 255)
        let octets = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return DomainName(parsing: String(decoding: octets, as: UTF8.self))?.text ?? "localhost"
    }
}
