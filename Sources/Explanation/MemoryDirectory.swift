import Directory
import MailVocabulary
import Topology
import TopologyFile

/// A directory in memory, out of a document: it follows aliases and groups as the core's own does, being the same.
public enum MemoryDirectory {
    /// What does not fit together, each with its place.
    public struct Failure: Error, Hashable, Sendable {
        public let findings: [Finding]
    }

    /// - Parameters:
    ///   - document: for example out of a file.
    ///   - hadSomebody: false where nobody was ever in the directory that the document is of: then who is not in it is not unknown yet.
    ///   - isOfRunningCore: it was whole by another configuration: what this one does not receive mail for is kept, and leads nowhere.
    /// - Throws: all entries that a directory would refuse.
    public static func make(_ document: DirectoryDocument, topology: Topology, isOfRunningCore: Bool = false, hadSomebody: Bool = true)
        throws(Failure)
        -> Directory
    {
        let domains = DirectoryDomains(topology)
        let making = Making(directory: try open(isOfRunningCore ? permissive(document, domains) : domains))
        making.run(document)
        guard making.findings.isEmpty else { throw Failure(findings: making.findings.sorted()) }
        making.directory.domains = domains
        if hadSomebody { do { try making.directory.rememberSomebody() } catch { throw failure(error) } }
        return making.directory
    }

    private static func open(_ domains: DirectoryDomains) throws(Failure) -> Directory {
        do { return try Directory(path: ":memory:", domains: domains) } catch { throw failure(error) }
    }

    private static func failure(_ error: DirectoryError) -> Failure {
        Failure(findings: [Finding(.error, at: SourceLocation(file: "memory", line: 0, column: 0), path: "", "\(error)")])
    }

    private static func permissive(_ document: DirectoryDocument, _ domains: DirectoryDomains) -> DirectoryDomains {
        let entries = document.aliases + document.groups
        let own = Set((document.users + entries.map(\.name)).compactMap(\.address.domain.name)).union(domains.authoritative)
        let others = Set(entries.flatMap(\.targets).compactMap(\.address.domain.name)).union(domains.shared)
        return DirectoryDomains(authoritative: own, shared: others.subtracting(own), defaultDomain: domains.defaultDomain)
    }
}

/// Entries in an order in which each finds what it names.
private final class Making {
    let directory: Directory
    private(set) var findings: [Finding] = []

    init(directory: Directory) { self.directory = directory }

    func run(_ document: DirectoryDocument) {
        for user in document.users {
            attempt(user.location, "users") { () throws(DirectoryError) in _ = try directory.addUser(user.address) }
        }
        for group in document.groups {
            attempt(group.name.location, "groups") { () throws(DirectoryError) in
                try directory.addGroup(group.name.address, forward: group.isForward)
            }
        }
        addAliases(document.aliases)
        let groups = Set(document.groups.map { AddressKey($0.name.address) })
        for entry in document.aliases + document.groups {
            for target in entry.targets where target.isGroup && !groups.contains(AddressKey(target.address)) {
                findings.append(Finding(.error, at: target.location, path: "\(entry.name.address)", "there is no group \(target.address)"))
            }
        }
        for group in document.groups where !group.targets.isEmpty {
            attempt(group.name.location, "groups") { () throws(DirectoryError) in
                try directory.addMembers(group.targets.map(\.address), to: group.name.address)
            }
        }
    }

    /// An alias may name one that stands further down: each round makes those whose targets are there.
    private func addAliases(_ aliases: [DirectoryDocument.Entry]) {
        var open = aliases
        while !open.isEmpty {
            let waiting = Set(open.map { AddressKey($0.name.address) })
            let (ready, others) = (
                open.filter { !$0.targets.contains { waiting.contains(AddressKey($0.address)) } },
                open.filter { $0.targets.contains { waiting.contains(AddressKey($0.address)) } }
            )
            for alias in ready {
                attempt(alias.name.location, "aliases") { () throws(DirectoryError) in
                    try directory.addAlias(alias.name.address, to: alias.targets.map(\.address), forward: alias.isForward)
                }
            }
            guard !ready.isEmpty else {
                for alias in others {
                    findings.append(
                        Finding(.error, at: alias.name.location, path: "aliases", "\(alias.name.address) leads in a circle, or to one"))
                }
                return
            }
            open = others
        }
    }

    private func attempt(_ location: SourceLocation, _ path: String, _ body: () throws(DirectoryError) -> Void) {
        do throws(DirectoryError) { try body() } catch { findings.append(Finding(.error, at: location, path: path, "\(error)")) }
    }
}
