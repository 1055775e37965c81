import ArgumentParser
import MailVocabulary
import ServiceRuntime
import TransportSecurity

/// The files of an authority.
enum AuthorityFolder {
    static func files(_ folder: String) -> CertificateFiles { CertificateFiles(certificate: "\(folder)/ca.pem", key: "\(folder)/ca.key") }

    static func load(_ folder: String) throws -> CertificateAuthority {
        let (pair, _) = try CertificateWriting.checked { () throws(CertificateError) in
            try CertificatePair.load(files(folder), now: .now())
        }
        guard pair.facts.isAuthority, !pair.facts.isExpired(at: .now()) else {
            Environment.printError(
                "postern: \(files(folder).certificate) is "
                    + (pair.facts.isAuthority ? "expired: `authority make --force` makes a new one" : "no authority's certificate"))
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
        return CertificateAuthority(pair)
    }
}
