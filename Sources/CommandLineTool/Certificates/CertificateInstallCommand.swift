import ArgumentParser
import MailVocabulary
import TransportSecurity

/// `postern certificate install`
struct CertificateInstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Install what an authority has answered.",
        discussion: """
            Finds the certificate that is for the key, puts those that vouch for it in order, leaves out the root, and writes the chain (0644). \
            An answer that is not for the key changes nothing.
            """)

    @Argument(help: "The answer in PEM, certificates in any order; - reads standard input.") var answer: String
    @Argument(help: "The pair's name in the configuration.") var pair = "default"
    @OptionGroup var place: CertificatePlaceOptions

    func run() throws {
        let place = try place.place(pair)
        let octets = try PEMInput.read(answer)
        let source = answer == "-" ? "standard input" : answer
        let isOneFile = place.files.key == place.files.certificate
        let ownership = try CertificateWriting.ownership(place, writesKey: isOneFile)
        let pair = try CertificateWriting.checked { () throws(CertificateError) in
            try CertificateInstallation.install(answer: octets, from: source, files: place.files, ownership: ownership)
        }
        let names = pair.facts.names.map(\.description).joined(separator: ", ")
        let above = pair.intermediates.count
        StandardOutput.print(
            "installed in \(place.files.certificate): \(names), until \(pair.facts.notAfter.day)"
                + (above == 0 ? "" : ", with \(above) \(above == 1 ? "certificate" : "certificates") above it"))
        for finding in CertificateCheck(pair).findings(for: place.hostname.map { [.host($0)] } ?? [], now: .now())
        where finding.severity != .good {
            Environment.printError("postern: note: to a client with the system's roots, \(finding.text)")
        }
    }
}
