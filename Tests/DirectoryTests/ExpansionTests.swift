import Directory
import MailVocabulary
import Testing

@Suite("Expansion")
struct ExpansionTests {
    @Test("an unknown address has no expansion, a mailbox is its own")
    func simple() throws {
        let test = try TestDirectory(users: ["anna"])
        #expect(try test.directory.expand(address("bert")) == nil)
        let anna = try #require(try test.directory.expand(address("Anna+x")))
        #expect(anna.mailboxes == addresses("anna"))
        #expect(anna.trace.map(\.outcome) == [.mailbox])
    }

    @Test("a cycle in the file does not hold it up")
    func forgedCycle() throws {
        let test = try TestDirectory(users: ["anna"])
        try test.forge(3, "x", to: ["y", "anna"])
        try test.forge(2, "y", to: ["x"])
        try test.forge(2, "z", to: ["z"])
        #expect(try test.directory.expand(address("x"))?.mailboxes == addresses("anna"))
        #expect(try test.directory.expand(address("y"))?.mailboxes == addresses("anna"))
        #expect(try test.directory.expand(address("z"))?.isEmpty == true)
        #expect(try test.directory.groups(containing: AccountID(value: 1)) == addresses("x"))
        #expect(try test.directory.removeAlias(address("z")) == [])
    }

    @Test("targets that are gone, or outside without a forward, are named as problems, the others get their mail")
    func problems() throws {
        let test = try TestDirectory(users: ["anna"])
        try test.directory.addUser(address("bert@s.example"))
        try test.forge(3, "x", to: ["anna", "gone"])
        try test.directory.addMember(address("carl@s.example"), to: address("x"))
        var expansion = try #require(try test.directory.expand(address("x")))
        #expect(expansion.mailboxes == addresses("anna"))
        #expect(expansion.problems == [.unknown(address("gone"), via: address("x"))])
        #expect(expansion.outside.map(\.address) == addresses("carl@s.example"))
        // A reloaded configuration in which the shared domain is not ours any more.
        test.directory.domains = DirectoryDomains(authoritative: TestDirectory.domains.authoritative)
        expansion = try #require(try test.directory.expand(address("x")))
        #expect(expansion.problems.contains(.notForwarded(address("carl@s.example"), via: address("x"))))
        #expect(expansion.outside.isEmpty)
    }

    @Test("what is nested deeper than the limit is a problem, not a loop")
    func depth() throws {
        let test = try TestDirectory(users: ["anna"])
        try test.directory.addAlias(address("n0"), to: addresses("anna"))
        for number in 1...32 { try test.directory.addAlias(address("n\(number)"), to: addresses("n\(number - 1)")) }
        #expect(try test.directory.expand(address("n31"))?.mailboxes == addresses("anna"))
        let tooDeep = try #require(try test.directory.expand(address("n32")))
        #expect(tooDeep.isEmpty)
        #expect(tooDeep.problems == [.tooDeep(address("n0"), via: address("n1"))])
    }

    @Test("the number of recipients is bounded, and the trace too")
    func count() throws {
        let test = try TestDirectory()
        try test.directory.addGroup(address("one"), forward: true)
        try test.directory.addGroup(address("two"), forward: true)
        try test.directory.addGroup(address("both"))
        for group in ["one", "two"] {
            try test.forge(
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
                INSERT INTO targets SELECT entries.id, '\(group)' || i || '@b.example', '\(group)' || i || '@b.example'
                FROM n, entries WHERE entries.key = '\(group)@a.example'
                """)
            try test.directory.addMember(address(group), to: address("both"))
        }
        let one = try #require(try test.directory.expand(address("one")))
        #expect(one.outside.count == 60_000 && one.problems.isEmpty)
        let both = try #require(try test.directory.expand(address("both")))
        #expect(both.outside.count == Expansion.maximumRecipients)
        #expect(both.problems == [.tooMany])
        #expect(both.trace.count == Expansion.maximumTrace)
    }

    @Test("any graph, cyclic ones included, expands to exactly what can be reached, each once", arguments: 0..<40)
    func randomGraphs(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let test = try TestDirectory(users: (0..<4).map { "u\($0)" })
        let owners = (0..<Int.random(in: 1...10, using: &generator)).map { "o\($0)" }
        let names = (0..<4).map { "u\($0)" } + owners
        var graph: [String: [String]] = [:]
        for owner in owners {
            let targets = Set((0..<Int.random(in: 0...4, using: &generator)).map { _ in names.randomElement(using: &generator)! })
            graph[owner] = targets.sorted()
            try test.forge(Int.random(in: 2...3, using: &generator), owner, to: targets.sorted())
        }
        for owner in owners {
            var (reached, open) = (Set([owner]), [owner])
            while let name = open.popLast() {
                for target in graph[name] ?? [] where reached.insert(target).inserted { open.append(target) }
            }
            let expansion = try #require(try test.directory.expand(address(owner)))
            let expected = reached.filter { $0.hasPrefix("u") }.map { address($0) }
            #expect(Set(expansion.mailboxes) == Set(expected))
            #expect(expansion.mailboxes.count == expected.count)
            #expect(expansion.problems.isEmpty)
        }
    }

    @Test("random changes through the front door never leave a cycle", arguments: 100..<120)
    func randomChanges(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        let groups = (0..<6).map { "g\($0)" }
        let test = try TestDirectory()
        for group in groups { try test.directory.addGroup(address(group)) }
        var edges: Set<[String]> = []
        func reaches(_ from: String, _ to: String) -> Bool {
            from == to || edges.contains { $0[0] == from && reaches($0[1], to) }
        }
        for _ in 0..<40 {
            let edge = [groups.randomElement(using: &generator)!, groups.randomElement(using: &generator)!]
            if edges.contains(edge) {
                try test.directory.removeMember(address(edge[1]), from: address(edge[0]))
                edges.remove(edge)
            } else if reaches(edge[1], edge[0]) {
                let error = #expect(throws: DirectoryError.self) { try test.directory.addMember(address(edge[1]), to: address(edge[0])) }
                guard case .cycle(let way) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(way.first == way.last && way.first == address(edge[0]))
                for (from, to) in zip(way, way.dropFirst()) {
                    #expect(edges.union([edge]).contains([from.localPart, to.localPart]))
                }
            } else {
                try test.directory.addMember(address(edge[1]), to: address(edge[0]))
                edges.insert(edge)
            }
        }
        #expect(
            Set(try test.directory.listGroups().flatMap { group in group.targets.map { [group.address.localPart, $0.localPart] } }) == edges
        )
    }
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
