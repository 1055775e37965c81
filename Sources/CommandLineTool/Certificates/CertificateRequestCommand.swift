import ArgumentParser
import TransportSecurity

/// `postern certificate request`
struct CertificateRequestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Make a request for an authority, and a key where there is none.",
        discussion: """
            The request (PKCS #10) goes to standard output, or to --out. A key that is there is used again; --force makes a new one, and then \
            the certificate that is installed fits no more until `install` brings the answer.
            """)

    @Argument(help: "The pair's name in the configuration.") var pair = "default"
    @OptionGroup var names: CertificateNameOptions
    @Option(help: ArgumentHelp("Where the request goes.", valueName: "file")) var out: String?
    @OptionGroup var newKey: NewKeyOptions
    @OptionGroup var place: CertificatePlaceOptions

    func run() throws {
        let place = try place.place(pair)
        let names = try names.list(place)
        let isNew = newKey.force || !CertificateWriting.exists(place.files.key)
        try CertificateWriting.makeFolders(of: place.files)
        let ownership = try CertificateWriting.ownership(place, writesKey: isNew, group: newKey.group.group)
        let request = try CertificateWriting.checked { () throws(CertificateError) in
            let key = isNew ? try PrivateKey.make(newKey.algorithm.algorithm) : try CertificateInstallation.readKey(place.files.key)
            let request = try CertificateRequest.make(names: names, key: key)
            if isNew { try CertificateInstallation.write(key, to: place.files.key, ownership: ownership) }
            if let out { try CertificateInstallation.write(request, to: out) }
            return request
        }
        Environment.printError("\(isNew ? "new key in" : "with the key in") \(place.files.key)")
        Environment.printError("the request is for \(names.map(\.description).joined(separator: ", "))")
        if let out { return Environment.printError("wrote \(out); `postern certificate install` takes the answer") }
        StandardOutput.print(String(decoding: request.pem, as: UTF8.self), terminator: "")
    }
}
