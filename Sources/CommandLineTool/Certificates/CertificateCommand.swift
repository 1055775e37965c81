import ArgumentParser

/// `postern certificate` (S11)
struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "Keys and certificates of the servers.",
        discussion: """
            A pair is named as in the table `certificates` of the configuration, `default` where none is named; --key and --certificate name \
            files instead. Keys are written with mode 0600 and never replaced without --force. Run as root, the files are given to the \
            account of run_as that reads them. Running servers take a new pair within a minute, or with `postern reload` at once.
            """,
        subcommands: [
            CertificateRequestCommand.self, CertificateInstallCommand.self, CertificateSelfSignCommand.self, CertificateShowCommand.self,
            CertificateCheckCommand.self, CertificateAuthorityCommand.self,
        ])
}
