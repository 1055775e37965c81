import MailVocabulary
import Topology

/// Reads what stands beside a configuration, as strictly as the configuration itself.
public enum CompanionFile {
    /// Longer files are refused: 16 MiB, some hundred thousand addresses.
    public static let maximumBytes = 16 << 20

    /// Every error, in the order of the file; one or more.
    public struct Failure: Error, Hashable, Sendable {
        public let findings: [Finding]
    }

    /// A directory file: users, aliases, groups.
    ///
    /// - Parameter defaultDomain: completes bare names.
    /// - Throws: all that is wrong with its form; whether the names fit together is not looked at.
    public static func directory(path: String, defaultDomain: DomainName) throws(Failure) -> DirectoryDocument {
        DirectoryDocument(try decode(try tree(path), CompanionModel.directory), defaultDomain: defaultDomain)
    }

    /// A file of policy tests.
    public static func policyTests(path: String, defaultDomain: DomainName) throws(Failure) -> [PolicyTest] {
        try decode(try tree(path), CompanionModel.policyTests).elements.compactMap { value in
            guard let envelope = WrittenEnvelope(value, defaultDomain: defaultDomain), let word = value["expect"]?.text else { return nil }
            return PolicyTest(
                envelope: envelope, expectation: word == "accept" ? .accept : word == "refuse" ? .refuse : .connector(word))
        }
    }

    /// One line of facts: a JSON object, which is read as the YAML that it is. A `null` is the same as no key, as in the other files here.
    ///
    /// - Parameters:
    ///   - file: as errors name it.
    ///   - number: the line's, from 1.
    public static func facts(line: String, file: String, number: Int, defaultDomain: DomainName) throws(Failure) -> WrittenEnvelope {
        func moved(_ location: SourceLocation) -> SourceLocation { SourceLocation(file: file, line: number, column: location.column) }
        do throws(Failure) {
            let value = try decode(try tree(Array(line.utf8), file: file), CompanionModel.envelope)
            guard let envelope = WrittenEnvelope(value, at: moved(value.location), defaultDomain: defaultDomain) else {
                throw Failure(findings: [Finding(.error, at: moved(value.location), path: "", "this is no envelope")])
            }
            return envelope
        } catch {
            throw Failure(
                findings: error.findings.map {
                    Finding($0.severity, at: moved($0.location), path: $0.path, $0.message, accepted: $0.accepted)
                })
        }
    }

    /// The options of a command line, by the same keys and rules; `down` may occur several times.
    ///
    /// - Throws: findings whose path is the key.
    public static func envelope(options: [(key: String, value: String)], defaultDomain: DomainName) throws(Failure) -> WrittenEnvelope {
        let place = SourceLocation(file: "command line", line: 0, column: 0)
        func node(_ text: String, isPlain: Bool = false) -> YAMLNode { YAMLNode(content: .scalar(text, isPlain: isPlain), location: place) }
        var entries = options.filter { $0.key != "down" }.map { option in
            let isPlain = ["size", "system"].contains(option.key)
            return YAMLNode.Entry(key: option.key, keyLocation: place, value: node(option.value, isPlain: isPlain))
        }
        let down = options.filter { $0.key == "down" }
        if !down.isEmpty {
            let list = YAMLNode(content: .sequence(down.map { node($0.value) }), location: place)
            entries.append(YAMLNode.Entry(key: "down", keyLocation: place, value: list))
        }
        let value = try decode(YAMLNode(content: .mapping(entries), location: place), CompanionModel.envelope)
        guard let envelope = WrittenEnvelope(value, defaultDomain: defaultDomain) else {
            throw Failure(findings: [Finding(.error, at: place, path: "", "this is no envelope")])
        }
        return envelope
    }

    /// An address as the command line has it; a bare name is completed. nil for what is none.
    public static func address(_ text: String, defaultDomain: DomainName) -> EmailAddress? {
        Principals.address(text, defaultDomain: defaultDomain)
    }

    // MARK: Reading

    private static func tree(_ path: String) throws(Failure) -> YAMLNode {
        switch FileBytes.read(path, maximum: maximumBytes) {
        case .success(let bytes): return try tree(bytes, file: path)
        case .failure(let problem):
            throw Failure(findings: [Finding(.error, at: SourceLocation(file: path, line: 0, column: 0), path: "", problem.message)])
        }
    }

    private static func tree(_ bytes: [UInt8], file: String) throws(Failure) -> YAMLNode {
        switch YAMLReader.read(bytes, file: file) {
        case .success(let node): return node
        case .failure(let failure): throw Failure(findings: failure.findings.sorted())
        }
    }

    private static func decode(_ node: YAMLNode, _ model: ValueModel) throws(Failure) -> Value {
        var shape = ShapeDecoder(nullIsNoKey: true)
        let value = shape.decode(node, as: model)
        let errors = shape.report.findings.filter { $0.severity == .error }
        guard errors.isEmpty else { throw Failure(findings: errors.sorted()) }
        return value
    }
}
