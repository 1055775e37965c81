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
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            var arguments = [address, login, label.isEmpty ? login : label, try Password.read()]
            if let expires { arguments.append(try endOfDay(expires)) }
            _ = try await ControlClient(topology: try file.topology()).objects(ControlRequest(.credentialAdd, arguments))
        }

        private func endOfDay(_ text: String) throws -> String {
            let formatter = ISO8601DateFormatter()
            formatter.formatOptions = [.withFullDate]
            guard let day = formatter.date(from: text) else { throw ValidationError("'\(text)' is not a day (accepted: 2027-01-31)") }
            return String(Int64(day.timeIntervalSince1970) + 86_400)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The login names of an account.")

        @Argument(help: "The account's address.") var address: String
        @OptionGroup var file: ConfigurationOption
        @Flag(help: "JSON Lines: one object per login name.") var json = false

        func run() async throws {
            let client = ControlClient(topology: try file.topology())
            if json { return try await client.run(ControlRequest(.credentialList, [address])) { print($0) } }
            var table = TextTable("LOGIN", "LABEL", "PASSWORD", "SINCE", "EXPIRES", "LAST USED")
            for line in try await client.objects(ControlRequest(.credentialList, [address])) {
                let row = try Row(line)
                table.add(
                    row.text("login_name"), row.text("label"), row.flag("has_password") ? "set" : "none", row.text("created_at"),
                    row.text("expires_at").isEmpty ? "never" : row.text("expires_at"),
                    row.text("last_used_at").isEmpty ? "never" : row.text("last_used_at"))
            }
            print(table.text)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take a login name away.")

        @Argument(help: "The login name.") var login: String
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            _ = try await ControlClient(topology: try file.topology()).objects(ControlRequest(.credentialRemove, [login]))
        }
    }
}
