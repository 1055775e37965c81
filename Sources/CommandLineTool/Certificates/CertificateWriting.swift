import ArgumentParser
import Glibc
import ServiceRuntime
import TransportSecurity
import TrustedFiles

/// What the commands that write have in common: what they refuse, and whose the files become.
enum CertificateWriting {
    /// Ends the command with a sentence and a status where keys or certificates are not as they should be.
    static func checked<Value>(_ body: () throws(CertificateError) -> Value) throws -> Value {
        do throws(CertificateError) { return try body() } catch {
            Environment.printError("postern: \(error)")
            let status: ExitStatus =
                switch error {
                case .cannotRead, .cannotWrite, .untrustedPlace: .inputOutput
                case .noName: .usage
                case .cryptography: .osError
                default: .dataError
                }
            throw ExitCode(status.rawValue)
        }
    }

    /// A key that others rely on is never lost by accident.
    static func refuseToReplace(_ paths: [String], force: Bool) throws {
        guard !force, let path = paths.first(where: exists) else { return }
        Environment.printError("postern: \(path) exists already, and is left as it is; --force replaces it")
        throw ExitCode(ExitStatus.osError.rawValue)
    }

    /// Makes the folders of a pair that are not there, for everybody to pass through: what must be secret is the key's file.
    static func makeFolders(of files: CertificateFiles) throws {
        for path in Set([files.certificate, files.key]) {
            guard let slash = path.lastIndex(of: "/"), slash != path.startIndex, !exists(String(path[..<slash])) else { continue }
            do throws(TrustedFileError) {
                _ = try TrustedFolder.make(String(path[..<slash]), mode: 0o755, modeAbove: 0o755)
            } catch {
                Environment.printError("postern: \(error)")
                throw ExitCode(ExitStatus.inputOutput.rawValue)
            }
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whose the files become that a command writes: the account's that reads them, where root writes them for one.
    ///
    /// - Parameters:
    ///   - writesKey: whether the key is among the files.
    ///   - name: of the group that reads the key as well; nil: none.
    static func ownership(_ place: CertificatePlace, writesKey: Bool, group name: String? = nil) throws -> CertificateOwnership {
        let keyGroup = try name.map(UnixGroup.id)
        guard Account.isSuperuser, place.readers.count == 1, let reader = place.readers.first else {
            if writesKey, name == nil, Account.isSuperuser, let problem = place.keyOwnerProblem {
                Environment.printError("postern: warning: \(problem)")
            }
            return CertificateOwnership(account: nil, keyGroup: keyGroup)
        }
        do throws(AccountError) {
            let account = try Account.named(reader)
            return CertificateOwnership(account: FileOwner(user: account.userID, group: account.groupID), keyGroup: keyGroup)
        } catch {
            Environment.printError("postern: note: run_as: \(error); the files stay root's")
            return CertificateOwnership(account: nil, keyGroup: keyGroup)
        }
    }
}
