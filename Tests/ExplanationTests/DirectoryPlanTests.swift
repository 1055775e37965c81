import Directory
import MailVocabulary
import Testing
import TopologyFile

@testable import Explanation

@Suite("From one directory to another")
struct DirectoryPlanTests {
    private static let old = """
        users: [anna, sam, gone]
        aliases: { office: [front, gone], front: [anna], old: [older], older: [gone] }
        groups: { staff: [anna, gone], empty: [], lost: ["group:staff", old] }
        """
    private static let new = """
        users: [anna, sam, nora]
        aliases: { office: [nora], front: [anna, sam], desk: [reception], reception: [nora], away: { forward: [x@far.example] } }
        groups: { staff: [anna, nora, "group:leaders"], leaders: [sam, desk], empty: [] }
        """

    private func plan(_ from: String, _ to: String, replacing: Bool) throws -> DirectoryPlan {
        try DirectoryPlan(from: try School.document(from), to: try School.document(to), isReplacing: replacing)
    }

    @Test("each change is permitted in its turn, and in the end the directory is what the plan says", arguments: [true, false])
    func changes(isReplacing: Bool) throws {
        for (from, to) in [(Self.old, Self.new), (Self.new, Self.old), (Self.old, Self.old), ("users: []", Self.new)] {
            let plan = try plan(from, to, replacing: isReplacing)
            let directory = try MemoryDirectory.make(try School.document(from), topology: School.topology)
            for change in plan.changes { try directory.make(change) }
            let wanted = try MemoryDirectory.make(plan.result, topology: School.topology)
            #expect(try directory.lines() == wanted.lines())
            if isReplacing { #expect(plan.result == (try School.document(to)).at(plan.result)) }
            #expect(plan.changes.isEmpty == (from == to))
        }
    }

    @Test("merging removes nothing; replacing says which users go with their passwords")
    func words() throws {
        let merging = try plan(Self.old, Self.new, replacing: false).changes.map(\.description)
        #expect(merging.allSatisfy { $0.hasPrefix("+ ") }, "\(merging)")
        #expect(merging.contains("+ alias away@school.example, which may lead outside: x@far.example"))
        let replacing = try plan(Self.old, Self.new, replacing: true).changes.map(\.description)
        #expect(replacing.contains("- user gone@school.example, with all passwords") && replacing.contains("- group lost@school.example"))
    }

    @Test("an address that would have to become something else is a conflict with its place")
    func conflicts() throws {
        let kind = #expect(throws: DirectoryPlan.Conflict.self) {
            try plan("users: [a]", "users: [b]\naliases: { a: [b] }", replacing: false)
        }
        #expect(
            kind?.findings.first.map { "\($0)" }?.hasSuffix(
                ":2:12: error: a@school.example: the file has it as alias, and so far it is a user: remove that first") == true,
            "\(String(describing: kind))")
        #expect(throws: DirectoryPlan.Conflict.self) { try plan("groups: { g: [] }", "groups: { g: { forward: [] } }", replacing: true) }
    }

    @Test("more addresses than one request holds are several changes")
    func many() throws {
        let users = (0..<600).map { "u\($0)" }.joined(separator: ", ")
        let changes = try plan(
            "users: [\(users)]", "users: [\(users)]\naliases: { a: [\(users)] }\ngroups: { g: [\(users)] }", replacing: true
        ).changes
        #expect(changes.count == 1 + 3 + 3, "\(changes.map(\.description))")
    }
}

extension DirectoryDocument {
    /// Places are no part of the comparison.
    fileprivate func at(_ other: DirectoryDocument) -> DirectoryDocument { yaml == other.yaml ? other : self }
}

extension Directory {
    fileprivate func make(_ change: DirectoryChange) throws {
        switch change {
        case .addUser(let address): try addUser(address)
        case .addGroup(let address, let forward): try addGroup(address, forward: forward)
        case .addAlias(let address, let targets, let forward): try addAlias(address, to: targets, forward: forward)
        case .addTargets(let address, let targets): try addTargets(targets, to: address)
        case .addMembers(let address, let members): try addMembers(members, to: address)
        case .removeTargets(let address, let targets): try removeTargets(targets, from: address)
        case .removeMembers(let address, let members): try removeMembers(members, from: address)
        case .removeAlias(let address): try removeAlias(address)
        case .removeGroup(let address): try removeGroup(address)
        case .removeUser(let address): try removeUser(address)
        }
    }

    fileprivate func lines() throws -> [String] {
        try listUsers().map { "\($0.address)" }.sorted()
            + (listAliases() + listGroups()).map { "\($0.kind) \($0.address) \($0.targets.map(\.description).sorted()) \($0.isForward)" }
            .sorted()
    }
}
