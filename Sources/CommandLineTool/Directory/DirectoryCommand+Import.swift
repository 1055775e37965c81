import ArgumentParser
import CoreLink
import Explanation
import ServiceRuntime
import TopologyFile

extension DirectoryCommand {
    /// `postern directory import`
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add to users, aliases and groups what a file has, or replace them by it.",
            discussion: """
                Says what it would change; with --apply it changes that. Without --replace nothing is removed. New users have no password: \
                `postern user password` sets one.

                The changes are made one after the other. Where one fails, those before it stay; the same command goes on from there.
                """)

        @Argument(help: "The YAML file, as `postern directory export` prints it.") var path: String
        @Flag(help: "Remove what the file does not have, users with their passwords, too.") var replace = false
        @Flag(help: "Make the changes.") var apply = false
        @OptionGroup var file: ConfigurationOption

        func run() async throws {
            let topology = try file.topology(files: .none)
            let wanted = try Reporting.of { try CompanionFile.directory(path: path, defaultDomain: topology.defaultDomain) }
            let client = try ControlClient(file, saysFindings: false)
            let current = try await RunningDirectory.document(client)
            let changes = try Reporting.of {
                let plan = try DirectoryPlan(from: current, to: wanted, isReplacing: replace)
                // As a whole first: a file that does not fit changes nothing.
                _ = try MemoryDirectory.make(plan.result, topology: topology)
                return plan.changes
            }
            for change in changes {
                if apply { _ = try await client.objects(change.request) }
                StandardOutput.print("\(change)")
            }
            let count = changes.count == 1 ? "1 change" : "\(changes.count) changes"
            Environment.printError(
                changes.isEmpty
                    ? "nothing to change" : apply ? "\(count) made" : "\(count); nothing is changed yet: --apply makes them")
        }
    }
}

extension DirectoryChange {
    /// What the core is asked for.
    fileprivate var request: ControlRequest {
        func words(_ address: some CustomStringConvertible, _ others: [any CustomStringConvertible], forward: Bool = false) -> [String] {
            ["\(address)"] + others.map { "\($0)" } + (forward ? ["--forward"] : [])
        }
        return switch self {
        case .addUser(let address): ControlRequest(.userAdd, words(address, []))
        case .addGroup(let address, let forward): ControlRequest(.groupAdd, words(address, [], forward: forward))
        case .addAlias(let address, let targets, let forward): ControlRequest(.aliasAdd, words(address, targets, forward: forward))
        case .addTargets(let address, let targets): ControlRequest(.aliasTargetAdd, words(address, targets))
        case .addMembers(let address, let members): ControlRequest(.groupMemberAdd, words(address, members))
        case .removeTargets(let address, let targets): ControlRequest(.aliasTargetRemove, words(address, targets))
        case .removeMembers(let address, let members): ControlRequest(.groupMemberRemove, words(address, members))
        case .removeAlias(let address): ControlRequest(.aliasRemove, words(address, []))
        case .removeGroup(let address): ControlRequest(.groupRemove, words(address, []))
        case .removeUser(let address): ControlRequest(.userRemove, words(address, []))
        }
    }
}
