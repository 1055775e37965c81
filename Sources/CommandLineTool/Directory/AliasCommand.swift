import ArgumentParser
import CoreLink

/// `postern alias`
struct AliasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Addresses that lead to others.",
        subcommands: [Add.self, List.self, Remove.self, AddTarget.self, RemoveTarget.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an alias.")

        @Argument(help: "The new address.") var address: String
        @Argument(help: "Where it leads.") var targets: [String]
        @Flag(help: "It may lead outside our domains.") var forward = false
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            let request = ControlRequest(.aliasAdd, [address] + targets + (forward ? ["--forward"] : []))
            _ = try await ControlClient(file).objects(request)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All aliases.")

        @OptionGroup var listing: EntryListing

        func run() async throws { try await listing.run(.aliasList, member: "targets", none: "There are no aliases.") }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove an alias.")

        @Argument(help: "The address.") var address: String
        @OptionGroup var removal: RemovalOptions
        @OptionGroup var file: ConfigurationOption

        func run() async throws { try await removal.run(.aliasRemove, address, file) }
    }

    struct AddTarget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Have an alias lead to more addresses.")

        @Argument(help: "The alias.") var address: String
        @Argument(help: "Where it leads, too.") var targets: [String]
        @Flag(help: "It may lead outside our domains from now on.") var forward = false
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            let request = ControlRequest(.aliasTargetAdd, [address] + targets + (forward ? ["--forward"] : []))
            _ = try await ControlClient(file).objects(request)
        }
    }

    struct RemoveTarget: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Have an alias no longer lead to some of its addresses.")

        @Argument(help: "The alias.") var address: String
        @Argument(help: "Where it leads no longer.") var targets: [String]
        @OptionGroup var file: ConfigurationOption

        func run() async throws { _ = try await ControlClient(file).objects(ControlRequest(.aliasTargetRemove, [address] + targets)) }
    }
}
