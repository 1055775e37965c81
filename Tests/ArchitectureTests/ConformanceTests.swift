import Testing

/// docs/conformance.md says of every behaviour of the reference what proves it.
@Suite("The conformance page is complete and true")
struct ConformanceTests {
    /// Every row id of the reference: the mission, the rest of the property sheets, the laws.
    static let rowIDs: [String] =
        (1...33).map { "S\(two($0))" } + (1...22).map { "E\(two($0))" } + (1...7).map { "Law \($0)" } + extensions

    /// What operators expect today, by the names that the page gives them.
    static let extensions = [
        "PIPELINING", "8BITMIME", "SIZE", "ENHANCEDSTATUSCODES", "CHUNKING", "SMTPUTF8", "STARTTLS", "AUTH", "LMTP", "logs", "metrics",
        "reload",
        "DSN", "ETRN", "ATRN", "OAUTHBEARER, XOAUTH2", "EXTERNAL", "SCRAM-…-PLUS", "sending quotas", "recipient verification",
        "routes by sender", "sendmail", "REQUIRETLS", "MTA-STS", "DANE", "TLS reporting", "SPF, DKIM, DMARC, ARC", "milter",
        "PROXY protocol",
        "LDAP", "queue in a browser",
    ].map { "M \($0)" }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func rows() throws -> [[String]] { try DocumentTable.rows(of: "docs/conformance.md", header: "row") }

    @Test("every row of the reference stands there once, and nothing else does")
    func complete() throws {
        let ids = try Self.rows().map { $0[0] }
        let missing = Set(Self.rowIDs).subtracting(ids).sorted()
        let unknown = Set(ids).subtracting(Self.rowIDs).sorted()
        let twice = Dictionary(grouping: ids) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
        #expect(missing.isEmpty && unknown.isEmpty && twice.isEmpty, "missing: \(missing), unknown: \(unknown), twice: \(twice)")
    }

    @Test("every row names a test or says “not yet”")
    func answered() throws {
        for row in try Self.rows() {
            #expect(row.count == 4, "\(row[0]): row, behaviour, state, proof")
            guard row.count == 4 else { continue }
            let files = DocumentTable.code(in: row[3]).filter { $0.hasPrefix("Tests/") }
            #expect(row[2].hasPrefix("not yet") ? row[2].contains("issue on") : !files.isEmpty, "\(row[0]): \(row[2])")
        }
    }

    @Test("every test file that the page names is there, and has the tests that it quotes")
    func named() throws {
        for row in try Self.rows() where row.count == 4 {
            for proof in row[3].split(separator: "<br>").map(\.trimmed) {
                let files = DocumentTable.code(in: proof).filter { $0.hasPrefix("Tests/") }
                for file in files { #expect(ProjectFolder.exists(file), "\(row[0]): there is no \(file)") }
                let existing = files.filter(ProjectFolder.exists)
                guard !existing.isEmpty else { continue }
                let source = try existing.map(ProjectFolder.text).joined()
                for quoted in Self.quotations(in: proof) {
                    #expect(source.contains(quoted), "\(row[0]): no test of \(existing.joined(separator: ", ")) is named “\(quoted)”")
                }
            }
        }
    }

    /// What stands between “ and ”: the beginning of a test's name.
    private static func quotations(in text: String) -> [String] {
        text.split(separator: "“").dropFirst().compactMap {
            $0.split(separator: "”", omittingEmptySubsequences: false).first.map(String.init)
        }
    }
}
