import ArgumentParser
import MailVocabulary
import TransportSecurity

/// `postern certificate show`
struct CertificateShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "What a certificate says: names, issuer, validity, key, fingerprint.")

    @Argument(help: "The pair's name in the configuration.") var pair = "default"
    @Flag(help: "JSON Lines: one object per certificate, the server's first.") var json = false
    @OptionGroup var place: CertificatePlaceOptions

    func run() throws {
        let place = try place.place(pair)
        let now = Timestamp.now()
        let (pair, warnings) = try CertificateWriting.checked { () throws(CertificateError) in
            try CertificatePair.load(place.files, now: now)
        }
        for warning in warnings { Environment.printError("postern: warning: \(warning)") }
        for (index, certificate) in ([pair.certificate] + pair.intermediates).enumerated() {
            let facts = certificate.facts
            if json {
                StandardOutput.printJSON(try FactsJSON(facts, now: now).text())
            } else {
                if index > 0 { StandardOutput.print("\nvouched for by") }
                StandardOutput.print(FactsText(facts, now: now).text)
            }
        }
    }
}
