import Credentials
import Glibc
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile
import TransportSecurity
import TrustedFiles

/// What `postern check` finds inside the files that a configuration names: a daemon would find it at its start, or a client when it logs in.
enum ConfiguredFiles {
    static let inspection = FileInspection { faults($0, $1, $2) }

    static func faults(_ file: NeededFile, _ role: Role, _ topology: Topology) -> [FileInspection.Fault] {
        faults(in: file) + (file.content.isConfidential ? owner(of: file, role, topology) : [])
    }

    private typealias Fault = FileInspection.Fault

    private static func faults(in file: NeededFile) -> [FileInspection.Fault] {
        switch file.content {
        case .hostNames, .trustAnchors, .certificate: []
        case .privateKey(let certificate): pair(certificate, file.path)
        case .password: password(file.path)
        case .authorities: authorities(file.path)
        case .secretsKey: secretsKey(file.path)
        case .keytab: keytab(file.path)
        }
    }

    /// A certificate and its key, as the front ends read them.
    private static func pair(_ certificate: String, _ key: String) -> [FileInspection.Fault] {
        do throws(CertificateError) {
            let (_, warnings) = try CertificatePair.load(CertificateFiles(certificate: certificate, key: key), now: .now())
            return warnings.map { Fault(isError: false, "\($0)") }
        } catch {
            // A certificate that cannot be read is said in its own place.
            if case .cannotRead = error { return [] }
            return [Fault(isError: true, "\(error)", accepted: "a pair of PEM files; `postern certificate` makes them")]
        }
    }

    private static func authorities(_ path: String) -> [FileInspection.Fault] {
        do throws(CertificateError) {
            _ = try Certificate.first(inFile: path)
            return []
        } catch {
            if case .cannotRead = error { return [] }
            return [Fault(isError: true, "\(error)", accepted: "a PEM file with the certificates of authorities")]
        }
    }

    private static func secretsKey(_ path: String) -> [FileInspection.Fault] {
        do throws(SecretKeyFile.Failure) {
            _ = try SecretKeyFile.read(path)
            return []
        } catch {
            return [
                Fault(
                    isError: true, "\(error); CRAM-MD5, SCRAM-SHA-1 and NTLM would not be offered",
                    accepted: "the file that `postern up` or the first recoverable secret has made")
            ]
        }
    }

    /// The first line, as delivery reads it.
    private static func password(_ path: String) -> [FileInspection.Fault] {
        // try?: that it cannot be read is said elsewhere.
        guard let file = try? TrustedFile.read(path, limit: 65_536) else { return [] }
        let line = file.octets.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let accepted = "a file whose first line is the password"
        if line.isEmpty { return [Fault(isError: true, "\(path): its first line is empty", accepted: accepted)] }
        guard line.count <= 1024, !line.contains(0), String(validating: line, as: UTF8.self) != nil else {
            return [Fault(isError: true, "\(path): its first line is no password: too long, or not UTF-8", accepted: accepted)]
        }
        return []
    }

    /// By its first octets: 5, and the version of the format. Whether it has the right key is for postern-auth to say (`postern status`).
    private static func keytab(_ path: String) -> [FileInspection.Fault] {
        // try?: that it cannot be read is said elsewhere.
        guard let file = try? TrustedFile.read(path, limit: 1 << 20) else { return [] }
        guard file.octets.count >= 2, file.octets[0] == 5, file.octets[1] == 1 || file.octets[1] == 2 else {
            return [
                Fault(
                    isError: true, "\(path) is no keytab; GSSAPI would not be offered",
                    accepted: "a file that `ktutil` or `kadmin` has made")
            ]
        }
        return []
    }

    /// Who owns a file can read it, and put another in its place.
    private static func owner(of file: NeededFile, _ role: Role, _ topology: Topology) -> [FileInspection.Fault] {
        guard let user = TrustedFile.owner(of: file.path) else { return [] }
        var mayOwn: Set<UInt32> = [0]
        var reader = "postern-\(role.rawValue)"
        if let name = topology.runAs.account(of: role) {
            // try?: an account that is not there yet owns nothing.
            if let account = try? Account.named(name) { mayOwn.insert(account.userID) }
            reader += " (\(name))"
        } else {
            mayOwn.insert(geteuid())
        }
        guard !mayOwn.contains(user) else { return [] }
        // try?: without an entry its number is its name.
        let owner = (try? Account.of(userID: user))?.name ?? "\(user)"
        return [
            Fault(
                isError: false,
                "\(file.path) belongs to the account \(owner), which can read and replace this secret; only root and "
                    + "\(reader) should: chown it")
        ]
    }
}
