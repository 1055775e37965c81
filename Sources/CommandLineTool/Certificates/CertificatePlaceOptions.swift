import ArgumentParser
import ServiceRuntime
import Topology
import TopologyFile
import TransportSecurity

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
        let topology = try file.topology(files: .none)
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
