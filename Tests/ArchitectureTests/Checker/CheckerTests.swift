import Testing

/// The checker on small projects, each with one fault.
@Suite("The architecture check finds what is wrong")
struct CheckerTests {
    /// A small project that is as drawn.
    private static func project(
        _ changes: [String: String] = [:], extra: [Project.File] = [], dependencies: [String: Set<String>] = [:]
    ) -> Project {
        let declared: [(String, PackageManifest.Target.Kind, Set<String>)] = [
            ("CSQLite", .systemLibrary, []), ("MailVocabulary", .target, []), ("SMTPProtocol", .target, ["MailVocabulary"]),
            ("DurableStorage", .target, ["CSQLite"]), ("CoreLink", .target, ["MailVocabulary"]),
            ("SMTPClient", .target, ["SMTPProtocol"]), ("CoreService", .target, ["CoreLink", "DurableStorage"]),
            ("CrashModel", .target, ["DurableStorage"]), ("postern-core", .executableTarget, ["CoreService"]),
        ]
        let targets = declared.map { name, kind, below in
            PackageManifest.Target(name: name, kind: kind, dependencies: dependencies[name] ?? below, folder: "Sources/\(name)")
        }
        let files = targets.filter { $0.kind != .systemLibrary }.map { target in
            let imports = target.dependencies.sorted().map { "import \($0)\n" }.joined()
            return Project.File(
                path: "Sources/\(target.name)/A.swift", target: target.name, source: changes[target.name] ?? imports)
        }
        return Project(targets: targets, files: files + extra, sourceFolders: targets.map(\.name))
    }

    private func violations(_ project: Project) -> [String] { Architecture.postern.violations(in: project) }

    @Test("a project as drawn has nothing wrong")
    func clean() { #expect(violations(Self.project()) == []) }

    @Test("an import upwards is named with its file and line, declared or not")
    func upwards() {
        let undeclared = violations(Self.project(["SMTPProtocol": "import MailVocabulary\n\nimport CoreLink\n"]))
        #expect(
            undeclared == [
                "SMTPProtocol (Sources/SMTPProtocol/A.swift:3) may not import CoreLink: "
                    + "Package.swift does not declare that SMTPProtocol depends on it",
                "SMTPProtocol (Sources/SMTPProtocol/A.swift:3) may not import CoreLink: "
                    + "a target imports only from rows above its own, and CoreLink stands below SMTPProtocol",
            ])
        let declared = violations(Self.project(dependencies: ["SMTPProtocol": ["MailVocabulary", "CoreLink"]]))
        #expect(declared.count == 2)
        #expect(declared.contains { $0.hasPrefix("Package.swift: SMTPProtocol may not depend on CoreLink") })
    }

    @Test(
        "an arrow that the package does not declare is found, whatever its form",
        arguments: [
            "import CoreLink", "@testable import CoreLink", "internal import CoreLink", "    import CoreLink",
            "import struct CoreLink.Frame",
            "@preconcurrency public import CoreLink", "import CoreLink.Wire", "/* why */ import CoreLink",
            "import `CoreLink`; import Glibc",
        ])
    func undeclared(line: String) {
        let found = violations(Self.project(["SMTPClient": "import SMTPProtocol\n\(line)\n"]))
        #expect(
            found == [
                "SMTPClient (Sources/SMTPClient/A.swift:2) may not import CoreLink: "
                    + "Package.swift does not declare that SMTPClient depends on it"
            ])
    }

    @Test(
        "what only looks like an import is none",
        arguments: [
            "// import CoreLink", "/// import CoreLink", "/*\n import CoreLink\n /* nested */ import CoreLink\n*/",
            "let text = \"\"\"\n  import CoreLink\n  \"\"\"",
            "let text = #\"\"\"\n\"import CoreLink\nimport CoreLink\n\"\"\"#", "importCoreLink()",
            "let text = \"\\(\"/*\")\" // import CoreLink",
        ])
    func lookAlikes(text: String) {
        #expect(violations(Self.project(["SMTPClient": "import SMTPProtocol\n\(text)\n"])) == [])
    }

    @Test(
        "code after a literal with quotes, interpolations and comment marks is still read",
        arguments: [
            "let a = \"// \\(f(\"/*\", (1)))\"", "let a = \"\\\"/*\"", "let a = #\"\\(\"#", "let a = \"\"\"\n \"a\" /* \\\"\"\" \n \"\"\"",
            "/* \" */",
        ])
    func afterLiterals(text: String) {
        #expect(violations(Self.project(["SMTPClient": "import SMTPProtocol\n\(text)\nimport CoreLink\n"])).count == 1)
    }

    @Test("a dependency that no file imports is one too many")
    func unused() {
        #expect(
            violations(Self.project(["SMTPClient": "import Glibc\n"]))
                == ["Package.swift: SMTPClient depends on SMTPProtocol, and no file of it imports that"])
    }

    @Test("a C module stays in its place")
    func cModule() {
        let found = violations(Self.project(["CoreLink": "import MailVocabulary\nimport CSQLite\n"]))
        #expect(
            found == [
                "CoreLink (Sources/CoreLink/A.swift:2) may not import CSQLite: the C module belongs to DurableStorage"
            ])
    }

    @Test("Foundation and sockets stay out of the protocol", arguments: ["Foundation", "FoundationEssentials", "NIOPosix", "Dispatch"])
    func pureTargets(module: String) {
        let found = violations(Self.project(["SMTPProtocol": "import MailVocabulary\nimport \(module)\n"]))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("SMTPProtocol (Sources/SMTPProtocol/A.swift:2) may not import \(module): ") == true)
    }

    @Test("law 2: the core is not made of anything that knows the network, also not by way of another target")
    func coreWithNetwork() {
        let direct = violations(Self.project(dependencies: ["CoreService": ["CoreLink", "DurableStorage", "SMTPClient"]]))
        #expect(direct.contains { $0.hasPrefix("CoreService is made of SMTPClient, too: law 2") })
        #expect(direct.contains { $0.hasPrefix("CoreService (Sources/CoreService/A.swift:3) may not import SMTPClient: law 2") })
        let hidden = violations(Self.project(dependencies: ["CoreLink": ["MailVocabulary", "SMTPClient"]]))
        #expect(hidden.contains { $0.hasPrefix("CoreService is made of SMTPClient, too: law 2") })
    }

    @Test(
        "law 2: what the core is made of opens no network socket",
        arguments: [
            "bootstrap.bind(host: name, port: 25)", "bootstrap.connect(host: name, port: 25)", "try SocketAddress(ipAddress: a, port: 1)",
            "getaddrinfo(name, nil, nil, nil)",
        ])
    func coreWithSocket(code: String) {
        let file = Project.File(path: "Sources/DurableStorage/B.swift", target: "DurableStorage", source: "// \(code)\nlet a = \(code)\n")
        let found = violations(Self.project(extra: [file]))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("Sources/DurableStorage/B.swift:2: ") == true)
        let elsewhere = Project.File(path: "Sources/SMTPClient/B.swift", target: "SMTPClient", source: code)
        #expect(violations(Self.project(extra: [elsewhere])) == [])
    }

    @Test("nothing that is shipped imports what is for tests")
    func testOnly() {
        let found = violations(Self.project(dependencies: ["CoreService": ["CoreLink", "DurableStorage", "CrashModel"]]))
        #expect(found.contains("CoreService (Sources/CoreService/A.swift:2) may not import CrashModel: it is for tests only"))
    }

    @Test("an executable is one short file that starts one service")
    func executable() {
        let second = Project.File(path: "Sources/postern-core/B.swift", target: "postern-core", source: "import CoreService")
        #expect(violations(Self.project(extra: [second])) == ["Sources/postern-core has 2 Swift files: an executable is one short file"])
        let long = "import CoreService\n" + String(repeating: "f()\n", count: 30)
        #expect(
            violations(Self.project(["postern-core": long]))
                == ["Sources/postern-core/A.swift has 30 lines of code: an executable is `main` and nothing else"])
    }

    @Test("folders are targets, and targets have a row")
    func folders() {
        var project = Self.project()
        project.sourceFolders.append("Utilities")
        project.testFolders = ["CoreLinkTests", "Odds"]
        project.targets.append(.init(name: "Newcomer", kind: .target, dependencies: [], folder: "Sources/Newcomer"))
        project.targets.append(.init(name: "CoreLinkTests", kind: .testTarget, dependencies: [], folder: "Tests/CoreLinkTests"))
        #expect(
            violations(project) == [
                "Newcomer has no row in the table of docs/architecture.md", "Sources/Utilities is no target of Package.swift",
                "Tests/Odds is no target of Package.swift: its tests do not run", "Tests/Odds is named after no target",
            ])
    }
}
