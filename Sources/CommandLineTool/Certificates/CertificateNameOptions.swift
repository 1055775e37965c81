import ArgumentParser
import TransportSecurity

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
