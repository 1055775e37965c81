import ArgumentParser
import CoreLink

/// `postern group`
struct GroupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "group", abstract: "Addresses with members: people, aliases, other groups.",
        subcommands: [Add.self, List.self, Remove.self, AddMember.self, RemoveMember.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a group without members.")

        @Argument(help: "The new address.") var address: String
        @Flag(help: "Its members may be outside our domains.") var forward = false
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            let request = ControlRequest(.groupAdd, [address] + (forward ? ["--forward"] : []))
            _ = try await ControlClient(file).objects(request)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All groups.")

        @OptionGroup var listing: EntryListing

        func run() async throws { try await listing.run(.groupList, member: "members", none: "There are no groups.") }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a group; its members stay.")

        @Argument(help: "The address.") var address: String
        @OptionGroup var removal: RemovalOptions
        @OptionGroup var file: ConfigurationOption

        func run() async throws { try await removal.run(.groupRemove, address, file) }
    }

    struct AddMember: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add members to a group.")

        @Argument(help: "The group.") var group: String
        @Argument(help: "The members.") var members: [String]
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            _ = try await ControlClient(file).objects(ControlRequest(.groupMemberAdd, [group] + members))
        }
    }

    struct RemoveMember: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Take members out of a group.")

        @Argument(help: "The group.") var group: String
        @Argument(help: "The members.") var members: [String]
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            _ = try await ControlClient(file).objects(ControlRequest(.groupMemberRemove, [group] + members))
        }
    }
}
