import ArgumentParser
import CoreLink
import Explanation
import MailVocabulary
import ServiceRuntime
import Topology
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
        @Flag(help: "Remove also what the configuration names.") var force = false
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
            if !force { try refuseNamed(changes, topology) }
            for change in changes {
                if apply { _ = try await client.objects(change.request(force: force)) }
                StandardOutput.print("\(change)")
            }
            let count = changes.count == 1 ? "1 change" : "\(changes.count) changes"
            Environment.printError(
                changes.isEmpty
                    ? "nothing to change" : apply ? "\(count) made" : "\(count); nothing is changed yet: --apply makes them")
        }

        /// The core refuses them, too; said here before anything is changed.
        private func refuseNamed(_ changes: [DirectoryChange], _ topology: Topology) throws {
            let named = changes.compactMap(\.removedEntry).flatMap { ConfiguredName.all(naming: $0, in: topology) }
            guard !named.isEmpty else { return }
            for name in named { Environment.printError("\(name.location): \(name.path): it names \(name.address), which would be removed") }
            Environment.printError("postern: nothing is changed: take these out of the configuration first, or use --force")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
    }
}

extension DirectoryChange {
    /// The user, alias or group that goes.
    fileprivate var removedEntry: EmailAddress? {
        switch self {
        case .removeAlias(let address), .removeGroup(let address), .removeUser(let address): address
        default: nil
        }
    }

    /// What the core is asked for.
    fileprivate func request(force: Bool) -> ControlRequest {
        let last = force ? ["--force"] : []
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
        case .removeAlias(let address): ControlRequest(.aliasRemove, words(address, []) + last)
        case .removeGroup(let address): ControlRequest(.groupRemove, words(address, []) + last)
        case .removeUser(let address): ControlRequest(.userRemove, words(address, []) + last)
        }
    }
}
