import Testing

/// docs/threat-model.md says of each process what its takeover gives, and which test shows the bound.
@Suite("The threat model is true")
struct ThreatModelTests {
    /// Without line breaks: the name of a test may be broken over two lines.
    private static func page() throws -> String {
        try ProjectFolder.text("docs/threat-model.md").split(separator: "\n").map(\.trimmed).joined(separator: " ")
    }

    @Test("every test file that the page names is there, and has the test that is quoted in front of it")
    func named() throws {
        // “the test's name” (`Tests/…/File.swift`): the file is the first one behind the name.
        let files = DocumentTable.code(in: try Self.page()).filter { $0.hasPrefix("Tests/") }
        #expect(!files.isEmpty)
        for file in files { #expect(ProjectFolder.exists(file), "there is no \(file)") }
        for part in try Self.page().split(separator: "“").dropFirst() {
            let halves = part.split(separator: "”", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, halves[1].hasPrefix(" (`Tests/") else { continue }
            let file = String(halves[1].dropFirst(3).prefix { $0 != "`" })
            guard ProjectFolder.exists(file) else { continue }
            #expect(try ProjectFolder.text(file).contains(halves[0]), "no test of \(file) is named “\(halves[0])”")
        }
    }

    @Test("every process of docs/architecture.md has its section")
    func complete() throws {
        let page = try ProjectFolder.text("docs/threat-model.md")
        for row in try DocumentTable.rows(of: "docs/architecture.md", header: "process") {
            let process = DocumentTable.code(in: row[0]).first ?? row[0]
            #expect(page.contains("\n## `\(process)`"), "\(process) has no section")
        }
    }
}
