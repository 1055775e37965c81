import ArgumentParser
import Foundation
import NameResolution
import ServiceRuntime
import Topology

/// Who is asked for names: the resolver of the configuration, or that of the system where there is no configuration.
struct ResolverOptions: ParsableArguments {
    @OptionGroup var file: ConfigurationOption
    @Option(
        help: ArgumentHelp("Validate with the DS or DNSKEY records in this file, whatever the configuration says.", valueName: "file"))
    var trustAnchor: String?

    /// The configuration; nil where none was named and none is in the usual place.
    func topology() throws -> Topology? {
        let isNamed = file.config != nil || Environment.variable("POSTERN_CONFIG") != nil
        guard isNamed || FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try file.topology(files: .none)
    }

    func choice(_ topology: Topology?) -> ResolverChoice {
        var settings = topology.map { ResolverSettings(of: $0) } ?? ResolverSettings()
        if let trustAnchor {
            settings.validation = .trustAnchor(file: trustAnchor)
        } else if case .trustAnchor(let file) = topology?.resolver.dnssec {
            settings.validation = .trustAnchor(file: file)
        }
        return ResolverChoice(settings: settings, configuration: topology == nil ? nil : file.path)
    }
}

/// The resolver that a command asks.
struct ResolverChoice {
    let settings: ResolverSettings
    /// The file that says so; nil without one.
    let configuration: String?

    var isValidating: Bool { settings.validation != .off }

    /// For programs: `192.0.2.53@53`; empty for the system's.
    var servers: [String] { settings.servers.map { "\($0.address)@\($0.port)" } }

    /// For people.
    var words: String {
        let servers = settings.servers.map { $0.port == 53 ? "\($0.address)" : "\($0.address) port \($0.port)" }
        guard let configuration else { return "the system's name servers; there is no configuration" }
        return servers.isEmpty
            ? "the system's name servers, as \(configuration) has it" : "\(servers.joined(separator: ", ")), as \(configuration) has it"
    }

    /// Ends the command where the resolver cannot be set up.
    func resolver() throws -> DNSResolver {
        do {
            let resolver = try DNSResolver(settings: settings)
            for note in resolver.notes { Environment.printError("postern: warning: \(note)") }
            return resolver
        } catch {
            Environment.printError("postern: \(error)")
            throw ExitCode((error.isOfSettings ? ExitStatus.configuration : .osError).rawValue)
        }
    }
}

extension ResolverError {
    fileprivate var isOfSettings: Bool { if case .system = self { false } else { true } }
}
