import ArgumentParser
import MailVocabulary
import ServiceRuntime
import TransportSecurity
import TrustedFiles

/// `postern certificate authority`
struct CertificateAuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "A small authority of one's own, for a lab or an office.",
        discussion: """
            It lives in a folder: ca.pem, which machines are told to trust, and ca.key, which stays secret: who has it can pose as any server \
            to them.
            """, subcommands: [Make.self, Sign.self, Issue.self])

    struct Make: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an authority.")

        @Argument(help: "The folder; made where there is none.") var folder: String
        @Option(help: "What people read: 1 to 64 characters.") var commonName = "Postern lab authority"
        @OptionGroup var lifetime: LifetimeOption
        @Option(help: "The kind of its key.") var algorithm = KeyAlgorithm.ecdsa
        @Flag(help: "Replace the authority that is there.") var force = false

        func validate() throws {
            guard (1...64).contains(commonName.count) else { throw ValidationError("--common-name: 1 to 64 characters") }
        }

        func run() throws {
            let files = AuthorityFolder.files(folder)
            try CertificateWriting.refuseToReplace([files.key, files.certificate], force: force)
            do throws(TrustedFileError) { _ = try TrustedFolder.make(folder, mode: 0o755, modeAbove: 0o755) } catch {
                Environment.printError("postern: \(error)")
                throw ExitCode(ExitStatus.inputOutput.rawValue)
            }
            let authority = try CertificateWriting.checked { () throws(CertificateError) in
                let authority = try CertificateAuthority.make(
                    commonName: commonName, algorithm: algorithm.algorithm, lifetime: lifetime.duration(default: 3650), now: .now())
                try CertificateInstallation.write(authority.pair, to: files)
                return authority
            }
            StandardOutput.print("wrote \(files.key) and \(files.certificate): \(commonName), until \(authority.pair.facts.notAfter.day)")
        }
    }

    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Sign a request, for the names that it asks for.")

        @Argument(help: "The authority's folder.") var folder: String
        @Argument(help: "The request in PEM; - reads standard input.") var request: String
        @OptionGroup var lifetime: LifetimeOption

        func run() throws {
            let octets = try PEMInput.read(request)
            let authority = try AuthorityFolder.load(folder)
            let certificate = try CertificateWriting.checked { () throws(CertificateError) in
                let read = try CertificateRequest.read(pem: octets, path: request == "-" ? "standard input" : request)
                return try authority.sign(read, lifetime: lifetime.duration(default: 365), now: .now())
            }
            Environment.printError("signed for \(certificate.facts.names.map(\.description).joined(separator: ", "))")
            StandardOutput.print(String(decoding: certificate.pem, as: UTF8.self), terminator: "")
        }
    }

    struct Issue: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key and a certificate for it: request, sign and install in one.")

        @Argument(help: "The authority's folder.") var folder: String
        @Argument(help: "The pair's name in the configuration.") var pair = "default"
        @OptionGroup var names: CertificateNameOptions
        @OptionGroup var lifetime: LifetimeOption
        @OptionGroup var newKey: NewKeyOptions
        @OptionGroup var place: CertificatePlaceOptions

        func run() throws {
            let authority = try AuthorityFolder.load(folder)
            let place = try place.place(pair)
            let names = try names.list(place)
            try CertificateWriting.refuseToReplace([place.files.key, place.files.certificate], force: newKey.force)
            try CertificateWriting.makeFolders(of: place.files)
            let ownership = try CertificateWriting.ownership(place, writesKey: true, group: newKey.group.group)
            let pair = try CertificateWriting.checked { () throws(CertificateError) in
                let pair = try authority.issue(
                    names: names, algorithm: newKey.algorithm.algorithm, lifetime: lifetime.duration(default: 365), now: .now())
                try CertificateInstallation.write(pair, to: place.files, ownership: ownership)
                return pair
            }
            StandardOutput.print(
                "wrote \(place.files.key) and \(place.files.certificate): \(names.map(\.description).joined(separator: ", ")), until "
                    + pair.facts.notAfter.day)
        }
    }
}
