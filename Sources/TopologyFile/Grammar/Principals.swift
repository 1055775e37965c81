import MailVocabulary
import Topology

/// Users and groups: `m.alexander`, `m.alexander@example.org`, `group:students`.
enum Principals {
    static let accepted = "a user such as m.alexander or m.alexander@example.org, or a group such as group:students"

    /// - Parameter defaultDomain: completes bare names.
    static func parse(_ text: some StringProtocol, defaultDomain: DomainName) -> Principal.Kind? {
        if text.hasPrefix("group:") {
            return address(trimmed(text.dropFirst(6)), defaultDomain: defaultDomain).map { .group($0) }
        }
        return address(trimmed(text), defaultDomain: defaultDomain).map { .user($0) }
    }

    /// Several names separated by `;` (S24); nil where one of them is none.
    static func parseList(_ text: String, defaultDomain: DomainName) -> [Principal.Kind]? {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        let kinds = parts.compactMap { parse(trimmed($0), defaultDomain: defaultDomain) }
        return kinds.count == parts.count ? kinds : nil
    }

    /// An address, completed where it is a bare name.
    static func address(_ text: some StringProtocol, defaultDomain: DomainName) -> EmailAddress? {
        guard !text.isEmpty, !text.contains(":") else { return nil }
        return EmailAddress(parsing: text) ?? EmailAddress(parsing: "\(text)@\(defaultDomain)")
    }

    /// Whether each of several names can be somebody's: a `*` is nobody's, and would match nothing.
    static func areNames(_ kinds: [Principal.Kind]) -> Bool {
        kinds.allSatisfy { kind in
            switch kind {
            case .user(let address), .group(let address): !address.hasWildcard
            }
        }
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = Substring(text)
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
