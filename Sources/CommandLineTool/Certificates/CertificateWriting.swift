import ArgumentParser
import Glibc
import ServiceRuntime
import TransportSecurity

/// What the commands that write have in common: what they refuse, and whose the files become.
enum CertificateWriting {
    /// Ends the command with a sentence and a status where keys or certificates are not as they should be.
    static func checked<Value>(_ body: () throws(CertificateError) -> Value) throws -> Value {
        do throws(CertificateError) { return try body() } catch {
            Environment.printError("postern: \(error)")
            let status: ExitStatus =
                switch error {
                case .cannotRead, .cannotWrite: .inputOutput
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

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Gives what was written to the account that reads it.
    ///
    /// - Parameter written: the key among them, or not.
    static func giveAway(_ place: CertificatePlace, key: Bool, certificate: Bool, group name: String?) throws {
        let files = place.files
        if Account.isSuperuser, place.readers.count == 1, let reader = place.readers.first {
            let account: Account
            do { account = try Account.named(reader) } catch {
                return Environment.printError("postern: note: run_as: \(error); the files stay as they are")
            }
            for path in Set((key ? [files.key] : []) + (certificate ? [files.certificate] : [])) {
                try call("owner of \(path)", chown(path, account.userID, account.groupID))
            }
        } else if key, name == nil, Account.isSuperuser, let problem = place.keyOwnerProblem {
            Environment.printError("postern: warning: \(problem)")
        }
        guard key, let name else { return }
        try call("group of \(files.key)", chown(files.key, UInt32.max, try groupID(name)))
        try call("mode of \(files.key)", chmod(files.key, 0o640))
    }

    private static func groupID(_ name: String) throws -> UInt32 {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 64 * 1024)
        if getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil { return entry.gr_gid }
        throw ValidationError("--group: there is no group '\(name)' on this system")
    }

    private static func call(_ what: String, _ result: Int32) throws {
        guard result != 0 else { return }
        Environment.printError("postern: cannot set the \(what): \(SystemReason.text(ofErrorNumber: errno))")
        throw ExitCode(ExitStatus.notPermitted.rawValue)
    }
}
