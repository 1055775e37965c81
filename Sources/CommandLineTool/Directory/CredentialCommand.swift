import ArgumentParser
import CoreLink
import Foundation

/// `postern credential`
struct CredentialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "Login names of an account, one for each device.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give an account another login name with a password of its own.")

        @Argument(help: "The account's address.") var address: String
        @Argument(help: "The login name, as the device will say it.") var login: String
        @Option(help: "What it is for: “phone”.") var label = ""
        @Option(help: ArgumentHelp("The last day on which it may be used (UTC).", valueName: "YYYY-MM-DD")) var expires: String?
        @OptionGroup var input: PasswordInput
        @OptionGroup var file: ConfigurationOption

        func validate() throws { _ = try lastDay() }

        func run() async throws {
            let lastDay = try lastDay()
            var arguments = [address, login, label.isEmpty ? login : label, try Password.read(fromInput: input.passwordStdin)]
            if let lastDay { arguments.append(String(lastDay.endsAt)) }
            _ = try await ControlClient(file).objects(ControlRequest(.credentialAdd, arguments))
        }

        private func lastDay() throws -> LastDay? {
            do throws(LastDay.Refusal) {
                return try expires.map { day throws(LastDay.Refusal) in try LastDay(day, now: Int64(Date().timeIntervalSince1970)) }
            } catch {
                throw ValidationError(error.message)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The login names of an account.")

        @Argument(help: "The account's address.") var address: String
        @OptionGroup var file: ConfigurationOption
        @Flag(help: "JSON Lines: one object per login name.") var json = false

        func run() async throws {
            let client = try ControlClient(file)
            if json { return try await client.run(ControlRequest(.credentialList, [address])) { StandardOutput.print($0) } }
            var table = TextTable("LOGIN", "LABEL", "PASSWORD", "SINCE", "EXPIRES", "LAST USED")
            for line in try await client.objects(ControlRequest(.credentialList, [address])) {
                let row = try Row(line)
                table.add(
                    row.text("login_name"), row.text("label"), row.flag("has_password") ? "set" : "none", row.text("created_at"),
                    row.text("expires_at").isEmpty ? "never" : row.text("expires_at"),
                    row.text("last_used_at").isEmpty ? "never" : row.text("last_used_at"))
            }
            StandardOutput.print(table.text)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a login name away.")

        @Argument(help: "The login name; a bare name is in the default domain.") var login: String
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            _ = try await ControlClient(file).objects(ControlRequest(.credentialRemove, [login]))
        }
    }
}
