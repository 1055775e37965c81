import Testing

@testable import TopologyFile

@Suite("Files that are not YAML as Postern reads it")
struct SyntaxTests {
    @Test(
        "the error names the place and, where it can, the cure",
        arguments: [
            ("", ["1:1: error: the file is empty"]),
            ("# nothing\n", ["1:1: error: the file is empty"]),
            (
                "version: 1\nhostname: [a\ndomains: {}\n",
                ["3:8: error: not YAML: did not find expected ',' or ']' while parsing a flow sequence from line 2"]
            ),
            ("version: 1\n  hostname: a.example\n", ["2:11: error: not YAML: mapping values are not allowed in this context"]),
            (
                "version: 1\ndomains:\n\ta.example: shared\n",
                [
                    "3:1: error: not YAML: found character that cannot start any token while scanning for the next token from line 3; "
                        + "a tab is not accepted as indentation"
                ]
            ),
            (
                "connectors:\n  a:\n    address_spaces: [{ domain: *.a.example }]\n",
                [
                    "3:33: error: not YAML: did not find expected alphabetic or numeric character while scanning an alias from line 3; "
                        + "a value that begins with `*` needs quotes: \"*\""
                ]
            ),
            ("version: &v 1\nhostname: a\n", ["1:10: error: YAML anchors and aliases are not accepted: each value stands in one place"]),
            ("a: &a [x]\n? *a\n: 1\n", ["2:3: error: a YAML alias cannot be a key"]),
            ("version: !foo 1\nhostname: a\n", ["1:10: error: YAML tags such as `!foo` are not accepted"]),
            ("version: 1\ndomains: !!map {}\n", ["2:10: error: YAML tags such as `!!map` are not accepted"]),
            ("version: 1\n---\nversion: 1\n", ["2:1: error: another YAML document begins here (accepted: one document)"]),
            ("? [a]\n: 1\n", ["1:3: error: a key must be a single word, not a list or a table"]),
            ("version: 1\nhostname: a\u{7}.example\n", ["2:12: error: the control character 0x7 is not accepted"]),
            (
                "version: 1\r\nhostname: \"a\n",
                ["3:1: error: not YAML: found unexpected end of stream while scanning a quoted scalar from line 2"]
            ),
        ])
    func syntax(text: String, expected: [String]) {
        #expect(Fixture.load(text).findings.map { String($0.description.dropFirst("postern.yaml:".count)) } == expected)
    }

    @Test("what is not UTF-8 is refused with its line")
    func notUTF8() {
        let result = TopologyFile.parse(Array("version: 1\nhostname: ".utf8) + [0xFF, 0x0A], path: "postern.yaml")
        #expect(result.findings.map(\.description) == ["postern.yaml:2:1: error: this line is not UTF-8"])
    }

    @Test("a byte order mark and CRLF line ends move no position")
    func byteOrderMark() throws {
        let text = Fixture.base.split(separator: "\n").joined(separator: "\r\n") + "\r\n"
        let result = TopologyFile.parse([0xEF, 0xBB, 0xBF] + Array(text.utf8), path: "postern.yaml")
        let topology = try #require(result.topology)
        #expect(result.findings.isEmpty)
        #expect(topology.connectors.first?.location.description == "postern.yaml:10:3")
    }

    @Test("nesting, alias bombs and a thousand equal keys cost nothing")
    func bombs() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(Fixture.load(deep).findings.count == 1)
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        for level in 1..<40 { bomb += "a\(level): &a\(level) [\(String(repeating: "*a\(level - 1), ", count: 8))x]\n" }
        #expect(Fixture.load(bomb).topology == nil)
        #expect(Fixture.load(bomb + "? *a39\n: 1\n").findings.map(\.message) == ["a YAML alias cannot be a key"])
        #expect(Fixture.load(String(repeating: "a: 1\n", count: 1000)).topology == nil)
    }

    @Test("no damage to a file makes it crash, and none is accepted with an error unsaid")
    func mutations() throws {
        var bytes = Array(try Fixture.text(Fixture.path("postern.example.yaml")).utf8)
        let original = bytes
        var state: UInt64 = 0x5EED
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let interesting = Array("{}[]:,\"'*&#-|>%@! \n\t\r0n".utf8) + [0x00, 0xFF, 0xC3]
        for _ in 0..<150 {
            bytes = original
            for _ in 0...random(4) {
                let place = random(bytes.count)
                switch random(3) {
                case 0: bytes[place] = interesting[random(interesting.count)]
                case 1: bytes.insert(interesting[random(interesting.count)], at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random(40)))
                }
            }
            let result = TopologyFile.parse(bytes, path: "postern.yaml")
            let hasErrors = result.findings.contains { $0.severity == .error }
            #expect(hasErrors == (result.topology == nil))
            #expect(result.findings == result.findings.sorted())
        }
    }
}
