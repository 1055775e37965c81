import ArgumentParser
import CoreLink

/// `postern user`
struct UserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Accounts with a mailbox.",
        subcommands: [Add.self, List.self, Remove.self, Passwd.self, UserExportCommand.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account with a mailbox.",
            discussion: "Without a password nobody can log in as it; mail for it is taken all the same.")

        @Argument(help: "The address; a bare name is in the default domain.") var address: String
        @OptionGroup var input: PasswordInput
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            var arguments = [address]
            if input.passwordStdin { arguments.append(try Password.read(fromInput: true)) }
            _ = try await ControlClient(file).objects(ControlRequest(.userAdd, arguments))
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All accounts.")

        @OptionGroup var file: ConfigurationOption
        @Flag(help: "JSON Lines: one object per account.") var json = false

        func run() async throws {
            let client = try ControlClient(file)
            if json { return try await client.run(ControlRequest(.userList)) { StandardOutput.printJSON($0) } }
            var table = TextTable("ADDRESS", "CREDENTIALS", "SINCE")
            for try await row in client.rows(ControlRequest(.userList)) {
                table.add(row.text("address"), row.text("credentials"), row.text("created_at"))
            }
            table.finish()
            if table.isEmpty { StandardOutput.print("There are no accounts. `postern user add ADDRESS` makes one.") }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove an account and its credentials. The mailbox's messages stay where they are.")

        @Argument(help: "The address.") var address: String
        @OptionGroup var removal: RemovalOptions
        @OptionGroup var file: ConfigurationOption

        func run() async throws { try await removal.run(.userRemove, address, file) }
    }

    struct Passwd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set the password of a login name (the address is an account's first).",
            discussion: "Without --recoverable a sealed password that was kept before goes.")

        @Argument(help: "The login name; a bare name is in the default domain.") var login: String
        @OptionGroup var input: PasswordInput
        @OptionGroup var recoverable: RecoverableOption
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            let client = try ControlClient(file)
            let password = try Password.read(fromInput: input.passwordStdin)
            var arguments = [login, password]
            if recoverable.recoverable { arguments.append(try await RecoverableSecret.seal(password, owner: [login], client)) }
            _ = try await client.objects(ControlRequest(.userPassword, arguments))
        }
    }
}

/// `--force`, for removals.
struct RemovalOptions: ParsableArguments {
    @Flag(
        help:
            "Also where the configuration names the address; and take it out of the aliases and groups that name it. Aliases left empty go too."
    ) var force = false

    func run(_ command: ControlRequest.Command, _ address: String, _ file: ConfigurationOption) async throws {
        let request = ControlRequest(command, [address] + (force ? ["--force"] : []))
        for line in try await ControlClient(file).objects(request) {
            StandardOutput.print("also removed: alias \(try Row(line).text("removed"))")
        }
    }
}
