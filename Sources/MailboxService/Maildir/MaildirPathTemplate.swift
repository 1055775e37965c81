import MailVocabulary
import Topology

/// The path of a Maildir with `{user}` and perhaps `{domain}` (`deliver: { maildir: … }`).
///
/// What an address puts in never leaves its place in the path: it is not empty, has no `/`, no control character, no leading dot, and
/// its component of the path is at most 255 octets long.
struct MaildirPathTemplate: Hashable, Sendable {
    private enum Part: Hashable {
        case text(String)
        case user
        case domain
    }

    /// The folder above the first placeholder: the administrator's, and taken for durable once it exists.
    let base: String
    /// The components below it.
    private let components: [[Part]]

    /// - Returns: nil where a brace lacks its pair, a placeholder is unknown, or there is none.
    init?(_ text: String) {
        var fixed: [Substring] = []
        var components: [[Part]] = []
        for component in text.split(separator: "/") {
            guard let parts = Self.parts(of: component) else { return nil }
            if components.isEmpty, parts == [.text(String(component))] {
                fixed.append(component)
            } else {
                components.append(parts)
            }
        }
        guard !components.isEmpty else { return nil }
        let root = text.utf8.first == UInt8(ascii: "/") ? "/" : ""
        base = root + fixed.joined(separator: "/")
        self.components = components
    }

    private static func parts(of component: Substring) -> [Part]? {
        var parts: [Part] = []
        var rest = component
        while let brace = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[brace] == "{", let end = rest[brace...].firstIndex(of: "}") else { return nil }
            if brace > rest.startIndex { parts.append(.text(String(rest[..<brace]))) }
            switch rest[rest.index(after: brace)..<end] {
            case "user": parts.append(.user)
            case "domain": parts.append(.domain)
            default: return nil
            }
            rest = rest[rest.index(after: end)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        return parts
    }

    /// The Maildir of an address. Upper and lower case name the same one, as they do in the directory.
    ///
    /// - Throws: `MaildirFailure.unsafeName`.
    func folder(of address: EmailAddress) throws(MaildirFailure) -> MaildirFolder {
        let user = try Self.checked(address.localPart.lowercased())
        let domain = try Self.checked("\(address.domain)".lowercased())
        var names: [String] = []
        for parts in components {
            let name = parts.map { part in
                switch part {
                case .text(let text): text
                case .user: user
                case .domain: domain
                }
            }.joined()
            guard name.utf8.count <= MaildirName.maximumOctets else { throw .unsafeName(name) }
            names.append(name)
        }
        return MaildirFolder(base: base, components: names)
    }

    private static func checked(_ text: String) throws(MaildirFailure) -> String {
        guard MaildirName.problem(text) == nil else { throw .unsafeName(text) }
        return text
    }
}

/// Where a Maildir lies.
struct MaildirFolder: Hashable, Sendable {
    /// The folder that is taken for durable once it exists; empty for the working directory.
    let base: String
    /// The folders below it, the last of which is the Maildir.
    let components: [String]

    var path: String { Self.join(base, components.joined(separator: "/")) }

    /// Each folder below the base, outermost first.
    var steps: [String] { components.indices.map { Self.join(base, components[...$0].joined(separator: "/")) } }

    private static func join(_ base: String, _ rest: String) -> String {
        base.isEmpty ? rest : base.utf8.last == UInt8(ascii: "/") ? base + rest : "\(base)/\(rest)"
    }
}
