import Testing

/// The real sources against the drawn architecture.
@Suite("The architecture holds")
struct ArchitectureTests {
    @Test("no target imports upwards, undeclared, or what belongs to another; law 2 holds for what the core is made of")
    func sources() throws {
        let violations = Architecture.postern.violations(in: try ProjectFolder.project())
        #expect(violations.isEmpty, "\n\(violations.joined(separator: "\n"))")
    }

    @Test("the check sees the sources: every target with its files and imports")
    func sees() throws {
        let project = try ProjectFolder.project()
        #expect(project.target("CoreService")?.dependencies.contains("MessageQueue") == true)
        #expect(project.target("CSQLite")?.kind == .systemLibrary)
        #expect(project.closure(of: "CoreService").isSuperset(of: ["MessageQueue", "DurableStorage", "CSQLite", "MailVocabulary"]))
        for target in project.targets where target.kind == .executableTarget || Architecture.postern.row(of: target.name) != nil {
            // What is written in C has no imports of Swift's.
            guard Architecture.postern.cModules[target.name] == nil else { continue }
            #expect(project.files.contains { $0.target == target.name && !$0.imports.isEmpty }, "\(target.name)")
        }
    }

    @Test(
        "kind: owners, modes, folders and new files are made by path in no target that may run as root, but by descriptor in TrustedFiles")
    func pathForms() throws {
        let forms = /(^|[^.\w])(chown|chmod|lchown|mkdir|mkfifo|mknod|symlink)\(|O_CREAT\b/
        // These run as the account that owns the folder: the core's store and the mailbox's Maildirs, both after root has been given up.
        let afterwards = ["Sources/DurableStorage/", "Sources/TrustedFiles/", "Sources/CrashModel/"]
        var found: [String] = []
        for file in try ProjectFolder.project().files where !afterwards.contains(where: { file.path.hasPrefix($0) }) {
            for (index, line) in file.code.lines.enumerated() where line.contains(forms) {
                found.append("\(file.path):\(index + 1): \(line.trimmed)")
            }
        }
        #expect(found.isEmpty, "use TrustedFolder or AtomicFile:\n\(found.joined(separator: "\n"))")
    }

    @Test("kind: secrets are read by descriptor: no target that may run as root opens a file, or looks at one, by its path")
    func readingForms() throws {
        let forms = /\b(O_RDONLY|O_RDWR)\b|(^|[^.\w])(fopen|stat|lstat)\([^)]|contentsOfFile:|contentsOf: *URL/
        // The first three as above. The others read nothing that a less trusted account could have put there, or nothing for a daemon:
        let exceptions = [
            "Sources/DurableStorage/", "Sources/TrustedFiles/", "Sources/CrashModel/",
            // The configuration, which whoever runs the command names: who can change it has every process do what he likes.
            "Sources/TopologyFile/Reading/FileBytes.swift",
            // /proc and /dev/null, of the kernel.
            "Sources/ServiceRuntime/Process/ProcessFile.swift", "Sources/CommandLineTool/Up/ConfineCommand.swift",
            "Sources/ServiceRuntime/Process/StandardDescriptors.swift", "Sources/CommandLineTool/Up/DaemonProcess.swift",
            // The control socket that another program has made: looked at, never opened.
            "Sources/ServiceRuntime/Process/SocketAccess.swift",
            // Of an administrator's command: the state folder's owner, and facts in a file that he names.
            "Sources/CommandLineTool/Recover/RecoverCommand.swift", "Sources/CommandLineTool/Explain/FactsFile.swift",
        ]
        var (found, used): ([String], Set<String>) = ([], [])
        for file in try ProjectFolder.project().files {
            for (index, line) in file.code.lines.enumerated() where line.contains(forms) && !line.contains("func ") {
                if let exception = exceptions.first(where: { file.path.hasPrefix($0) }) {
                    used.insert(exception)
                } else {
                    found.append("\(file.path):\(index + 1): \(line.trimmed)")
                }
            }
        }
        #expect(found.isEmpty, "use TrustedFile:\n\(found.joined(separator: "\n"))")
        #expect(
            used.isSuperset(of: exceptions.dropFirst(3)), "no exception is left that nothing needs: \(Set(exceptions).subtracting(used))")
    }

    @Test(
        "kind: an event loop stands still while a large configuration is read: each daemon reads it where reloads are asked for, or on a thread"
    )
    func readingOnLoops() throws {
        for file in try ProjectFolder.project().files where file.path.hasPrefix("Sources/") && !file.path.hasSuffix("/Daemon.swift") {
            let lines = file.code.lines
            for (index, line) in lines.enumerated() where line.contains(".readFile()") {
                // Within the closure of the core's `readConfiguration:`, which its threads run; the others' `askCore()` has a thread of its own.
                let before = lines[max(0, index - 3)..<index].joined()
                #expect(before.contains("readConfiguration: {"), "\(file.path):\(index + 1): \(line.trimmed)")
            }
        }
    }

    @Test("the table of docs/architecture.md has the rows that the test holds the imports against")
    func documentedRows() throws {
        let documented = try DocumentTable.rows(of: "docs/architecture.md", header: "target").map { Set(DocumentTable.code(in: $0[0])) }
        let rows = Architecture.postern.rows.map(Set.init)
        #expect(documented == rows)
    }

    @Test("files that docs/architecture.md names are there")
    func documentedFiles() throws {
        let files = try ProjectFolder.swiftFiles(below: "Sources") + ProjectFolder.swiftFiles(below: "Tests")
        // `Sources/…/X.swift` of the example is no file, and says so by its one letter.
        let named = DocumentTable.code(in: try ProjectFolder.text("docs/architecture.md"))
            .filter { $0.hasSuffix(".swift") && !$0.hasSuffix("X.swift") }
        #expect(named.count > 20)
        for name in named { #expect(files.contains { $0.hasSuffix("/\(name)") }, "there is no \(name)") }
    }
}
