import MailVocabulary
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
