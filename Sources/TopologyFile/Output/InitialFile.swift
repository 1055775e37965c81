import MailVocabulary
import Topology

extension TopologyFile {
    /// A first configuration, short and commented, for `postern init`.
    ///
    /// It loads without errors or warnings, unless its folder's path leaves no room for sockets. Folders are relative to the file; below
    /// `/etc`, where nothing but configuration belongs, they are the system's.
    ///
    /// - Parameters:
    ///   - domains: those that mail is received for, each once; the first one completes bare names.
    ///   - postmaster: gets mail for `postmaster@` each of them: an account, or an address elsewhere.
    ///   - smartHost: takes all mail that leaves: `relay.example`, `[192.0.2.25]:2525`; nil: delivery by DNS.
    ///   - path: where the file will stand; nil: not known.
    /// - Returns: nil where `smartHost` is not a host, `postmaster` no account, or a domain an address, and where there is no domain.
    public static func initialFile(
        domains: [DomainName], postmaster: String = "postmaster", smartHost: String? = nil, path: String? = nil
    ) -> String? {
        if let smartHost, Hosts.smartHost(smartHost) == nil { return nil }
        guard isAccount(postmaster) else { return nil }
        // An address reads like a name, but is none.
        guard let domain = domains.first, domains.allSatisfy({ isDomain($0.text) }) else { return nil }
        let spaces = domains.map { "{ domain: \($0) }" }.joined(separator: ", ")
        let isOfSystem = path.map { FilePath.folder(of: $0) + "/" }?.hasPrefix("/etc/") ?? false
        let hostname = DomainName(parsing: "mail.\(domain)") ?? domain
        let receiving = domains.map { ("  \($0): authoritative", $0 == domain ? "unknown recipients are refused" : nil) }
        let lines: [(text: String, comment: String?)] =
            [
                ("", nil),
                ("version: 1", nil),
                ("hostname: \(hostname)", "in banner, EHLO and Received; the DNS should know it"),
                ("default_domain: \(domain)", "completes bare names"),
                ("state_directory: \(isOfSystem ? "/var/lib/postern" : "var/lib")", "queue and directory"),
                ("runtime_directory: \(isOfSystem ? Topology.defaultRuntimeDirectory : "var/run")", "Unix sockets"),
                ("", nil),
                ("domains:", "what we receive mail for"),
            ] + receiving + [
                ("", nil),
                (
                    "postmaster: \"\(postmaster.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"",
                    "gets mail for postmaster@\(domains.count == 1 ? domain.text : " each domain"); add the account"
                ),
                ("", nil),
                ("virtual_servers:", nil),
                ("  internet:", nil),
                ("    role: edge", "anonymous inbound mail; relays for nobody"),
                ("    listen: [\"127.0.0.1:2525\"]", "to try it out; in service: [\"0.0.0.0:25\", \"[::]:25\"]"),
                ("    limits: { message_size: 25MiB, recipients: 100 }", nil),
                ("", nil),
                ("connectors:", nil),
                ("  mailboxes:", "our own mail"),
                ("    address_spaces: [\(spaces)]", nil),
                ("    deliver: { maildir: \"\(isOfSystem ? "/" : "")var/mail/{domain}/{user}\" }", nil),
                ("", nil),
                ("  general:", "all other mail"),
                ("    address_spaces: [{ domain: \"*\" }]", nil),
                smartHost.map { ("    deliver: { smart_hosts: [\"\($0)\"] }", "this host takes everything that leaves") }
                    ?? ("    deliver: dns", "straight to the servers of each domain; needs port 25 outwards"),
            ]
        let head = """
            # Postern's configuration: one file for all of its processes. Unknown keys are errors; `postern check` reads it.
            # Files and folders are relative to this file. Every key: docs/configuration.md

            """
        return head
            + lines.map { line in
                guard let comment = line.comment else { return line.text + "\n" }
                let room = max(2, 38 - line.text.count)
                return line.text + String(repeating: " ", count: room) + "# " + comment + "\n"
            }.joined()
    }

    /// Whether a text names an account: a bare name, which the default domain completes, or an address.
    public static func isAccount(_ text: String) -> Bool { TextKind.account.problem(text) == nil }

    /// Whether a text is a domain name; an address reads like one, but is none.
    public static func isDomain(_ text: String) -> Bool { Hosts.domain(text) != nil }
}
