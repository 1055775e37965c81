import ArgumentParser
import CoreLink
import Credentials
import Glibc
import MailVocabulary
import ServiceRuntime
import Topology
import TrustedFiles

/// A password that is kept so that it can be read again.
///
/// It is sealed here and not in the core: whoever holds the database has no key for it then, and a taken-over core no passwords. Only
/// `postern-auth` opens it.
enum RecoverableSecret {
    /// - Parameter owner: the arguments of the question whom it belongs to: a login name, for a new one also the account.
    /// - Returns: the text form.
    static func seal(_ password: String, owner: [String], _ client: ControlClient) async throws -> String {
        guard let path = client.recoverableSecretsKey else {
            throw failure(
                "no password is recoverable here: the configuration has no identity.recoverable_secrets, and without NTLM and CRAM-MD5 "
                    + "nothing needs it", .configuration)
        }
        let key: SecretKey
        do throws(SecretKeyFile.Failure) { key = try SecretKeyFile.read(path) } catch {
            if case .unreadable = error, access(path, F_OK) != 0, errno == ENOENT {
                throw failure("there is no key file \(path) yet: `postern credential key` makes it", .configuration)
            }
            throw failure("\(error)", .notPermitted)
        }
        guard let line = try await client.objects(ControlRequest(.credentialOwner, owner)).first else {
            throw failure("the core does not say whom the password belongs to", .temporaryFailure)
        }
        let row = try Row(line)
        guard let account = EmailAddress(parsing: row.value("account")) else {
            throw failure("the core does not say whom the password belongs to", .temporaryFailure)
        }
        let secret: SealedSecret
        do {
            secret = try SealedSecret(
                sealing: try PreparedPassword(password),
                for: SealedSecret.Owner(account: account.lookupKey, credential: row.value("login_key")), with: key)
        } catch let error as CryptographyError {
            throw failure("\(error)", .osError)
        } catch {
            throw failure("\(error)", .dataError)
        }
        Environment.printError(
            "postern: note: this password can be read by whoever has both the database and \(path); the weaker choice, for NTLM and CRAM-MD5 only"
        )
        return secret.text
    }

    static func makeKey(_ file: ConfigurationOption) throws {
        // The file may not be there yet: that is why it is made.
        let topology = try file.topology(files: .none)
        guard let path = topology.identity.recoverableSecretsKey else {
            throw failure("\(file.path) has no identity.recoverable_secrets, which names the key file", .configuration)
        }
        var owner: FileOwner?
        if Account.isSuperuser, let name = topology.runAs.account(of: .auth) {
            do throws(AccountError) {
                let account = try Account.named(name)
                owner = FileOwner(user: account.userID, group: account.groupID)
            } catch {
                throw failure("run_as: \(error)", .configuration)
            }
        }
        do throws(SecretKeyFile.Failure) { _ = try SecretKeyFile.create(path, owner: owner) } catch { throw failure("\(error)", .osError) }
        StandardOutput.print("wrote \(path); keep it out of the backup that has the database")
    }

    private static func failure(_ sentence: String, _ status: ExitStatus) -> ExitCode {
        Environment.printError("postern: \(sentence)")
        return ExitCode(status.rawValue)
    }
}
