import ArgumentParser
import Glibc
import MailVocabulary
import NIOCore
import NIOPosix
import NameResolution
import ServiceRuntime
import Topology
import TopologyFile

/// How names are looked up by commands that look at the network themselves.
struct DiagnosisOptions: ParsableArguments {
    @OptionGroup var file: ConfigurationOption
    @Option(help: ArgumentHelp("Validate DNSSEC by the DS or DNSKEY records in this file.", valueName: "file"))
    var trustAnchor: String?

    /// The configuration; nil where none was named and there is none in its usual place.
    func topology() throws -> Topology? {
        if file.config == nil, access(file.path, F_OK) != 0 { return nil }
        return try file.topology(files: .none)
    }

    /// As delivery asks, by the configuration's resolver; without a configuration, the system's.
    func resolver(_ topology: Topology?) throws -> LookingUp {
        var settings = topology.map { ResolverSettings(of: $0) } ?? ResolverSettings()
        if let trustAnchor {
            settings.validation = .trustAnchor(file: trustAnchor)
        } else if case .trustAnchor(let file)? = topology?.resolver.dnssec {
            settings.validation = .trustAnchor(file: file)
        }
        do {
            return LookingUp(resolver: try DNSResolver(settings: settings), isValidating: settings.validation != .off)
        } catch {
            Environment.printError("postern: names cannot be looked up: \(error)")
            throw ExitCode(ExitStatus.osError.rawValue)
        }
    }
}

/// A resolver for one command.
struct LookingUp {
    let resolver: DNSResolver
    let isValidating: Bool

    func ask(_ question: DNSQuestion) async -> DNSAnswer {
        let start = ContinuousClock.now
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let answer: LookupAnswer
        do {
            answer = try await resolver.lookUp(question.name, question.kind.type, on: eventLoop).get()
        } catch {
            answer = .failure(.library("\(error)"))
        }
        return DNSAnswer(question: question, answer: answer, isValidated: isValidating, seconds: (ContinuousClock.now - start).inSeconds)
    }

    func mailExchangers(of domain: DomainName) async throws -> MailExchangerLookup {
        try await resolver.mailExchangers(of: domain, on: MultiThreadedEventLoopGroup.singleton.next()).get()
    }

    func addresses(of host: DomainName) async throws -> AddressLookup {
        try await resolver.addresses(of: host, on: MultiThreadedEventLoopGroup.singleton.next()).get()
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
