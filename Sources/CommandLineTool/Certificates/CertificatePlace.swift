import ArgumentParser
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile
import TransportSecurity

/// Where a pair lies, whose it is, and what it should be for: from the configuration, or from the command line.
struct CertificatePlace {
    let files: CertificateFiles
    /// The configured host name; nil where no configuration was read.
    let hostname: DomainName?
    /// The accounts of `run_as` that read the pair; empty where they are whoever starts the daemons.
    let readers: [String]

    var keyOwnerProblem: String? {
        guard readers.count > 1 else { return nil }
        return "\(readers.joined(separator: " and ")) both read the pair: --group lets a group with both of them read the key"
    }
}

/// Which pair is meant; the same for every command.
struct CertificatePlaceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The key's file, instead of the configured one.", valueName: "file")) var key: String?
    @Option(help: ArgumentHelp("The certificate's file, instead of the configured one.", valueName: "file")) var certificate: String?
    @OptionGroup var file: ConfigurationOption

    /// - Parameter name: of the table `certificates`.
    func place(_ name: String) throws -> CertificatePlace {
        if let key, let certificate {
            return CertificatePlace(files: CertificateFiles(certificate: certificate, key: key), hostname: nil, readers: [])
        }
        // The files of the configuration need not be there yet: they are what is to be made.
        guard case .loaded(let topology, _) = TopologyFile.load(path: file.path) else {
            if case .failed(let findings) = TopologyFile.load(path: file.path) {
                for finding in findings { Environment.printError(finding.text) }
            }
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        guard let pair = topology.certificates[name] else {
            let known = topology.certificates.keys.sorted()
            Environment.printError(
                "postern: \(file.path): there is no pair '\(name)' in the table certificates (there "
                    + (known.isEmpty ? "are none: --key and --certificate name files" : "is \(known.joined(separator: ", "))") + ")")
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        var readers: [String] = []
        for server in topology.virtualServers where server.tls.certificates.contains(name) {
            guard let account = topology.runAs.account(of: server.isEdge ? .edge : .submission), !readers.contains(account) else {
                continue
            }
            readers.append(account)
        }
        return CertificatePlace(
            files: CertificateFiles(certificate: certificate ?? pair.certificate, key: key ?? pair.key), hostname: topology.hostname,
            readers: readers)
    }
}

/// What a certificate is for; the same for every command that makes one.
struct CertificateNameOptions: ParsableArguments {
    @Option(
        name: .customLong("name"),
        help: ArgumentHelp(
            "A host name, *.name or address that it is for; may be repeated. Without it: the configured hostname.", valueName: "name"))
    var names: [String] = []

    func validate() throws { _ = try parsed() }

    private func parsed() throws -> [CertificateName] {
        try names.map { text in
            if let name = CertificateName(parsing: text) { return name }
            throw ValidationError("--name: '\(text)' is neither a host name nor an address (accepted: mail.example.org, 192.0.2.1)")
        }
    }

    func list(_ place: CertificatePlace) throws -> [CertificateName] {
        let names = try parsed()
        if !names.isEmpty { return names }
        if let hostname = place.hostname { return [.host(hostname)] }
        throw ValidationError("--name is missing: without a configuration nobody else knows what the certificate is for")
    }
}

/// The kind of a new key.
enum KeyAlgorithm: String, ExpressibleByArgument, CaseIterable {
    case ecdsa, rsa2048, rsa3072, rsa4096

    var algorithm: PrivateKey.Algorithm {
        switch self {
        case .ecdsa: .ecdsaP256
        case .rsa2048: .rsa2048
        case .rsa3072: .rsa3072
        case .rsa4096: .rsa4096
        }
    }
}

/// How a key is made and kept.
struct NewKeyOptions: ParsableArguments {
    @Option(help: "The kind of a new key: ecdsa (P-256), or RSA for clients of before 2010.") var algorithm = KeyAlgorithm.ecdsa
    @Flag(help: "Replace a key that is there.") var force = false
    @OptionGroup var group: KeyGroupOption
}

/// Who else may read a key.
struct KeyGroupOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Let this Unix group read the key (0640): where two daemons with accounts of their own share it.", valueName: "group"))
    var group: String?
}

/// A life in days.
struct LifetimeOption: ParsableArguments {
    @Option(help: ArgumentHelp("How long it is valid: 1 to 3650.", valueName: "days")) var days: Int?

    func validate() throws {
        if let days, !(1...3650).contains(days) { throw ValidationError("--days: \(days) is out of range (accepted: 1 to 3650)") }
    }

    func duration(default standard: Int) -> Duration { .seconds((days ?? standard) * 86_400) }
}
