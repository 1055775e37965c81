import MailVocabulary
import Topology

/// Users, aliases and groups as a file says them, without passwords.
///
/// ```yaml
/// users: [alice@example.org, bob]
/// aliases: { info: [alice], away: { forward: [alice@far.example] } }
/// groups: { staff: [alice, "group:leaders"], leaders: [bob] }
/// ```
public struct DirectoryDocument: Hashable, Sendable {
    public struct Name: Hashable, Sendable {
        public let address: EmailAddress
        /// Written as `group:NAME`: it must be a group.
        public let isGroup: Bool
        public let location: SourceLocation

        public init(_ address: EmailAddress, isGroup: Bool = false, location: SourceLocation = .builtIn) {
            (self.address, self.isGroup, self.location) = (address, isGroup, location)
        }
    }

    /// An alias or group.
    public struct Entry: Hashable, Sendable {
        public let name: Name
        /// Targets or members; a group may have none.
        public let targets: [Name]
        /// Whether targets may lie outside our domains.
        public let isForward: Bool

        public init(_ name: Name, targets: [Name], isForward: Bool) {
            (self.name, self.targets, self.isForward) = (name, targets, isForward)
        }
    }

    public var users: [Name]
    public var aliases: [Entry]
    public var groups: [Entry]

    public init(users: [Name] = [], aliases: [Entry] = [], groups: [Entry] = []) {
        (self.users, self.aliases, self.groups) = (users, aliases, groups)
    }
}

extension DirectoryDocument {
    /// - Parameter value: of a shape that was checked against `CompanionModel.directory`.
    init(_ value: Value, defaultDomain: DomainName) {
        func name(_ value: Value) -> Name? {
            guard let text = value.text, let kind = Principals.parse(text, defaultDomain: defaultDomain) else { return nil }
            switch kind {
            case .user(let address): return Name(address, location: value.location)
            case .group(let address): return Name(address, isGroup: true, location: value.location)
            }
        }
        func entries(_ key: String) -> [Entry] {
            (value[key]?.entries ?? []).compactMap { entry in
                guard let address = Principals.address(entry.key, defaultDomain: defaultDomain) else { return nil }
                let forward = entry.value["forward"]
                return Entry(
                    Name(address, location: entry.keyLocation), targets: (forward ?? entry.value).elements.compactMap(name),
                    isForward: forward != nil)
            }
        }
        self.init(users: value["users"]?.elements.compactMap(name) ?? [], aliases: entries("aliases"), groups: entries("groups"))
    }

    /// The document as YAML that `read` understands, addresses whole and sorted.
    public var yaml: String {
        func key(_ name: Name) -> String { Self.quoted("\(name.address)") }
        func lines(_ names: [Name], _ indentation: String) -> [String] { names.map { indentation + "- " + key($0) }.sorted() }
        func table(_ title: String, _ entries: [Entry]) -> [String] {
            if entries.isEmpty { return ["\(title): {}"] }
            return ["\(title):"]
                + entries.sorted { "\($0.name.address)" < "\($1.name.address)" }.flatMap { entry in
                    let head = "  \(key(entry.name)):" + (entry.isForward ? "\n    forward:" : "")
                    return entry.targets.isEmpty ? [head + " []"] : [head] + lines(entry.targets, entry.isForward ? "      " : "    ")
                }
        }
        let people = users.isEmpty ? ["users: []"] : ["users:"] + lines(users, "  ")
        return (people + table("aliases", aliases) + table("groups", groups)).joined(separator: "\n") + "\n"
    }

    /// In quotes where YAML might read something else.
    private static func quoted(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map { UInt8(ascii: "A")...UInt8(ascii: "z") ~= $0 } == true
            && text.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789.+-_@".unicodeScalars.contains($0) }
        return isPlain ? text : "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
