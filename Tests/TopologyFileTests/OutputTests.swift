import Foundation
import MailVocabulary
import Testing
import Topology

@testable import TopologyFile

@Suite("What is made from the model")
struct OutputTests {
    // MARK: The first file

    @Test(
        "a first file loads without findings",
        arguments: [("example.org", nil), ("Bücher.example", "relay.example:2525"), ("a.example", "[2001:db8::1]")] as [(String, String?)])
    func initialFile(domain: String, smartHost: String?) throws {
        let domain = try #require(DomainName(parsing: domain))
        let text = try #require(TopologyFile.initialFile(domains: [domain], smartHost: smartHost, path: "/srv/mail/postern.yaml"))
        let result = TopologyFile.parse(Array(text.utf8), path: "/srv/mail/postern.yaml")
        #expect(result.findings.map(\.description) == [])
        let topology = try #require(result.topology)
        #expect(topology.domains.keys.first == domain)
        #expect(topology.postmaster?.address == EmailAddress(parsing: "postmaster@\(domain)"))
        #expect(topology.runtimeDirectory == "/srv/mail/var/run")
        if let smartHost {
            guard case .smartHosts(let hosts, _) = try #require(topology.connector(named: "general")).deliver else {
                Issue.record("no smart host")
                return
            }
            #expect(hosts.map(\.description) == [smartHost])
        }
    }

    @Test("a first file for several domains has them all, and the first completes bare names")
    func initialFileOfSeveral() throws {
        let domains = try ["example.org", "Bücher.example", "x.example"].map { try #require(DomainName(parsing: $0)) }
        let text = try #require(TopologyFile.initialFile(domains: domains, path: "/srv/mail/postern.yaml"))
        let result = TopologyFile.parse(Array(text.utf8), path: "/srv/mail/postern.yaml")
        #expect(result.findings.map(\.description) == [])
        let topology = try #require(result.topology)
        #expect(Set(topology.domains.keys) == Set(domains) && topology.defaultDomain == domains[0])
        #expect(topology.connector(named: "mailboxes")?.addressSpaces.count == 3)
        #expect(TopologyFile.initialFile(domains: []) == nil)
    }

    @Test("below /etc a first file names the folders of the system", arguments: ["/etc/postern.yaml", "/etc/postern/postern.yaml"])
    func initialFileOfSystem(path: String) throws {
        let domain = try #require(DomainName(parsing: "example.org"))
        let text = try #require(TopologyFile.initialFile(domains: [domain], path: path))
        let result = TopologyFile.parse(Array(text.utf8), path: path)
        #expect(result.findings.map(\.description) == [])
        let topology = try #require(result.topology)
        #expect(topology.stateDirectory == "/var/lib/postern" && topology.runtimeDirectory == "/run/postern")
        #expect(topology.connectors[0].deliver == .maildir(pathTemplate: "/var/mail/{domain}/{user}"))
    }

    @Test("a smart host that is none makes no file")
    func noInitialFile() throws {
        let domain = try #require(DomainName(parsing: "example.org"))
        #expect(TopologyFile.initialFile(domains: [domain], smartHost: "a\"]}\nrelay: true") == nil)
        #expect(TopologyFile.initialFile(domains: [domain], smartHost: "192.0.2.1") == nil)
        #expect(TopologyFile.initialFile(domains: [domain], postmaster: "a b\"\nrelay: true") == nil)
    }

    @Test("the quickstart loads without findings")
    func quickstart() throws {
        let result = TopologyFile.load(path: Fixture.repository + "/topology/quickstart/postern.yaml", files: .ofAll(reader: .edge))
        #expect(result.findings.map(\.description) == [])
        #expect(try #require(result.topology).stateDirectory.hasSuffix("/var/lib"))
    }

    // MARK: JSON Schema

    @Test(
        "the JSON Schema is one, and accepts what loads; it refuses what has the wrong shape",
        .enabled(if: Python.hasJSONSchema, "needs python3 with the module jsonschema"))
    func schema() throws {
        let folder = try TemporaryFolder()
        let schema = try folder.write(TopologyFile.jsonSchema(), to: "schema.json")
        let domain = try #require(DomainName(parsing: "example.org"))
        var valid = [
            try Fixture.text(Fixture.path("postern.example.yaml")),
            try Fixture.text(Fixture.repository + "/topology/quickstart/postern.yaml"),
            try #require(TopologyFile.initialFile(domains: [domain])),
        ]
        valid += try Fixture.names(in: "Doubtful").map { try Fixture.text(Fixture.path("Doubtful/" + $0)) }
        let invalid = try [
            "an-unknown-key-with-what-was-probably-meant", "a-list-where-a-table-is-expected", "a-number-in-quotes", "missing-keys",
            "another-version",
            "a-role-that-does-not-exist", "a-connector-without-address-spaces", "a-connector-with-two-deliveries", "durations", "costs",
            "relay-and-authentication-on-an-edge", "a-name-with-a-slash", "limits-under-one",
        ].map { try Fixture.text(Fixture.path("Broken/\($0).yaml")) }
        #expect(try Python.validate(valid.map(json), schema: schema, folder: folder.path) == valid.map { _ in true })
        #expect(try Python.validate(invalid.map(json), schema: schema, folder: folder.path) == invalid.map { _ in false })
    }

    /// YAML to JSON, as YAML 1.2 has it.
    private func json(_ text: String) throws -> String {
        func convert(_ node: YAMLNode) -> JSONText {
            switch node.content {
            case .scalar(let text, let isPlain):
                if isPlain, let number = Int(text) { return .integer(number) }
                if isPlain, text == "true" || text == "false" { return .boolean(text == "true") }
                return .string(text)
            case .sequence(let nodes): return .array(nodes.map(convert))
            case .mapping(let entries): return .object(entries.map { ($0.key, convert($0.value)) })
            }
        }
        return convert(try YAMLReader.read(Array(text.utf8), file: "").get()).write()
    }

    // MARK: The reference

    private static let marker = "<!-- From here on, made from the model: see OutputTests. -->"

    @Test("docs/configuration.md names every key, as the model has it")
    func reference() throws {
        let path = Fixture.repository + "/docs/configuration.md"
        let text = try Fixture.text(path)
        let generated = Self.marker + "\n\n" + Reference.markdown()
        // POSTERN_WRITE_REFERENCE=1 writes it instead.
        if ProcessInfo.processInfo.environment["POSTERN_WRITE_REFERENCE"] != nil {
            let written = text.components(separatedBy: Self.marker)[0]
            try (written + generated).write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        #expect(text.hasSuffix(generated), "run the tests once with POSTERN_WRITE_REFERENCE=1")
        for key in Self.keys(of: ConfigurationModel.root) { #expect(text.contains("`\(key)`"), "\(key)") }
    }

    @Test("every row that the model names is one of the reference")
    func rows() {
        for key in Self.allKeys(of: ConfigurationModel.root) {
            for row in key.rows { #expect(row.wholeMatch(of: /[SE][0-3][0-9]/) != nil, "\(key.name): \(row)") }
            #expect(key.summary.hasSuffix("."), "\(key.name)")
        }
    }

    private static func keys(of model: ValueModel) -> Set<String> { Set(allKeys(of: model).map(\.name)) }

    private static func allKeys(of model: ValueModel) -> [Key] {
        switch model {
        case .table(let table): table.keys + table.keys.flatMap { allKeys(of: $0.value) }
        case .map(_, _, let element, _), .list(let element, _): allKeys(of: element)
        case .either(let alternatives): alternatives.flatMap(allKeys)
        case .byRole(let tables): tables.flatMap { allKeys(of: .table($0.table)) }
        case .text, .choice, .boolean, .integer, .limit, .duration, .size, .octets: []
        }
    }
}

/// The validator of JSON Schema that the tests use.
private enum Python {
    static let hasJSONSchema = (try? run(["-W", "ignore", "-c", "import jsonschema"]))?.status == 0

    /// Whether each document is valid.
    static func validate(_ documents: [String], schema: String, folder: String) throws -> [Bool] {
        let script = """
            import json, sys
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema)
            for name in sys.argv[2:]:
                print("valid" if validator.is_valid(json.load(open(name))) else "invalid")
            """
        let files = try documents.enumerated().map { index, text in
            try text.write(toFile: "\(folder)/\(index).json", atomically: false, encoding: .utf8)
            return "\(folder)/\(index).json"
        }
        let (status, output) = try run(["-W", "ignore", "-c", script, schema] + files)
        #expect(status == 0)
        return output.split(separator: "\n").map { $0 == "valid" }
    }

    private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
