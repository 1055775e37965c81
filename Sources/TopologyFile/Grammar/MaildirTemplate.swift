/// The path of a Maildir with its placeholders: `{user}`, and perhaps `{domain}`.
enum MaildirTemplate {
    /// What is wrong with it; nil if nothing is.
    static func problem(_ text: String) -> String? {
        var rest = text[...]
        var names: Set<Substring> = []
        while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
            guard rest[open] == "{", let close = rest[rest.index(after: open)...].firstIndex(where: { $0 == "{" || $0 == "}" }),
                rest[close] == "}"
            else { return "a brace without its pair in `\(text)`" }
            let name = rest[rest.index(after: open)..<close]
            guard name == "user" || name == "domain" else { return "an unknown placeholder `{\(name)}`" }
            names.insert(name)
            rest = rest[rest.index(after: close)...]
        }
        return names.contains("user") ? nil : "without `{user}`, everybody would share one Maildir"
    }

    static func hasDomain(_ text: String) -> Bool { text.contains("{domain}") }
}
