import ArgumentParser
import TransportSecurity

/// `postern certificate self-sign`
struct CertificateSelfSignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "self-sign", abstract: "Make a key and a certificate that vouches for itself.",
        discussion: "Enough between mail servers, which rarely look; people's mail programs ask before they trust it.")

    @Argument(help: "The pair's name in the configuration.") var pair = "default"
    @OptionGroup var names: CertificateNameOptions
    @OptionGroup var lifetime: LifetimeOption
    @OptionGroup var newKey: NewKeyOptions
    @OptionGroup var place: CertificatePlaceOptions

    func run() throws {
        let place = try place.place(pair)
        let names = try names.list(place)
        try CertificateWriting.refuseToReplace([place.files.key, place.files.certificate], force: newKey.force)
        try CertificateWriting.makeFolders(of: place.files)
        let ownership = try CertificateWriting.ownership(place, writesKey: true, group: newKey.group.group)
        let pair = try CertificateWriting.checked { () throws(CertificateError) in
            let pair = try CertificatePair.selfSigned(
                names: names, key: try PrivateKey.make(newKey.algorithm.algorithm), lifetime: lifetime.duration(default: 365), now: .now())
            try CertificateInstallation.write(pair, to: place.files, ownership: ownership)
            return pair
        }
        StandardOutput.print(
            "wrote \(place.files.key) and \(place.files.certificate): \(names.map(\.description).joined(separator: ", ")), until "
                + pair.facts.notAfter.day)
    }
}
