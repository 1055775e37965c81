import ArgumentParser
import CoreLink
import Foundation
import MailVocabulary

/// `postern credential`
struct CredentialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "One password per device: login names of an account.",
        discussion: """
            The device "phone" of anna@example.org logs in as anna+phone@example.org, with a password of its own that can be revoked alone. Mail \
            that is sent to that address is Anna's.
            """,
        subcommands: [Add.self, List.self, Revoke.self, Key.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a device a login name and a password of its own.",
            discussion: "Without --password-stdin a password is made, and shown this once: it is kept nowhere.")

        @Argument(help: "The account's address; a bare name is in the default domain.") var account: String
        @Option(help: "What the device is called: letters, digits, - and _, such as phone.") var name: String
        @Option(help: ArgumentHelp("Another login name than ACCOUNT+NAME.", valueName: "login")) var login: String?
        @Option(help: ArgumentHelp("Until when it may be used: 90d, 12w, or the last day (UTC), 2027-01-31.", valueName: "when"))
        var expires: String?
        @OptionGroup var input: PasswordInput
        @OptionGroup var recoverable: RecoverableOption
        @Flag(help: "One JSON object.") var json = false
        @OptionGroup var file: ConfigurationOption

        func validate() throws {
            guard DeviceLogin.isName(name) else {
                throw ValidationError("--name: '\(name)' is no name of a device (accepted: 1 to 64 letters, digits, - and _)")
            }
            _ = try expiry()
        }

        private func expiry() throws -> Expiry? {
            do throws(Expiry.Refusal) {
                return try expires.map { text throws(Expiry.Refusal) in try Expiry(text, now: Int64(Date().timeIntervalSince1970)) }
            } catch {
                throw ValidationError("--expires: \(error.message)")
            }
        }

        func run() async throws {
            let expiry = try expiry()
            let client = try ControlClient(file)
            let login = login ?? DeviceLogin.name(account: account, device: name, defaultDomain: client.defaultDomain)
            let password = input.passwordStdin ? try Password.read(fromInput: true) : try GeneratedPassword().text
            var arguments = [account, login, name, password, expiry.map { String($0.endsAt) } ?? ""]
            if recoverable.recoverable {
                arguments.append(try await RecoverableSecret.seal(password, owner: [login, account], client))
            }
            _ = try await client.objects(ControlRequest(.credentialAdd, arguments))
            let shown = input.passwordStdin ? nil : password
            if json { return StandardOutput.printJSON(try JSONLine.text(Answer(loginName: login, password: shown))) }
            StandardOutput.print("user name  \(login)")
            guard let shown else { return }
            StandardOutput.print("password   \(shown)")
            Environment.printError("The password is shown this once, and the hyphens belong to it.")
        }

        private struct Answer: Encodable {
            let loginName: String
            let password: String?

            enum CodingKeys: String, CodingKey {
                case loginName = "login_name"
                case password
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The login names of an account, when they were last used and when they end.")

        @Argument(help: "The account's address.") var account: String
        @OptionGroup var file: ConfigurationOption
        @Flag(help: "JSON Lines: one object per login name.") var json = false

        func run() async throws {
            let client = try ControlClient(file)
            if json { return try await client.run(ControlRequest(.credentialList, [account])) { StandardOutput.printJSON($0) } }
            let now = Int64(Date().timeIntervalSince1970)
            var table = TextTable("LOGIN", "DEVICE", "PASSWORD", "EXPIRES", "LAST USED")
            for line in try await client.objects(ControlRequest(.credentialList, [account])) {
                let row = try Row(line)
                let password = row.flag("recoverable") ? "recoverable" : row.flag("has_password") ? "set" : "none"
                table.add(
                    row.text("login_name"), row.text("label"), password, HumanTime.expiry(row.text("expires_at"), now: now),
                    HumanTime.use(row.text("last_used_at"), now: now))
            }
            table.finish()
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a login name away, and end its sessions.",
            discussion: "Of the account's own address only the password goes: the name stays reserved for the account.",
            aliases: ["remove"])

        @Argument(help: "The login name; with --name, the account. A bare name is in the default domain.") var login: String
        @Option(help: "The device of that account.") var name: String?
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            let client = try ControlClient(file)
            let whole = name.map { DeviceLogin.name(account: login, device: $0, defaultDomain: client.defaultDomain) }
            _ = try await client.objects(ControlRequest(.credentialRemove, [whole ?? login]))
        }
    }

    struct Key: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the key file of recoverable passwords (identity.recoverable_secrets).",
            discussion: """
                postern-auth alone reads it, and who keeps passwords recoverable: root, or the account that runs everything. It is never \
                replaced: passwords that were sealed with it would be lost. Keep it out of the backup that has the database.
                """)

        @OptionGroup var file: ConfigurationOption

        func run() throws { try RecoverableSecret.makeKey(file) }
    }
}
