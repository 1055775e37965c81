import MailVocabulary
import Topology

/// What `postern up` prints when its daemons are ready: what listens where, where mail goes, and a line that sends a first message.
struct UpBanner {
    let topology: Topology
    /// The configuration file, by the name that the user gave.
    let configuration: String
    /// How the user called `postern`.
    let program: String
    let notReady: [SupervisedDaemon]

    /// - Parameter colour: whether the reader is a terminal.
    func text(colour: Bool) -> String {
        let style = Style(colour: colour)
        var lines = ["", style.bold(notReady.isEmpty ? "Postern is up." : "Postern is starting.")]
        if !notReady.isEmpty {
            lines.append("Not ready yet: " + notReady.map(\.executableName).joined(separator: ", ") + " (see the log lines).")
        }
        lines.append("")
        lines += rows(style)
        if let firstMessage {
            lines += ["", style.bold("A first message: paste this line into another shell"), "", "  " + firstMessage]
            if let example { lines += ["", "It arrives in \(style.bold(example.mailbox))"] }
        }
        lines += ["", "Ctrl-C stops everything.", ""]
        return lines.joined(separator: "\n")
    }

    private func rows(_ style: Style) -> [String] {
        var rows: [(label: String, value: String)] = []
        for server in topology.virtualServers {
            let addresses = server.listeners.map { $0.description + ($0.implicitTLS ? " (TLS)" : "") }.joined(separator: ", ")
            rows.append(
                (
                    "listens",
                    server.isEdge ? "\(addresses)  \(server.name), edge" : "\(addresses)  \(server.name), submission"
                ))
        }
        for connector in topology.connectors {
            let spaces = connector.addressSpaces.map(\.pattern.description).joined(separator: ", ")
            rows.append(
                (connector.deliver.isMailbox ? "mailboxes" : "goes on", "\(spaces)  \(connector.name): \(connector.deliver.destination)"))
        }
        rows.append(("state", topology.stateDirectory))
        rows.append(("control", "\(topology.runtimeDirectory)/control.sock"))
        rows.append(("configured", configuration))
        let width = rows.map(\.label.count).max() ?? 0
        var previous = ""
        return rows.map { row in
            defer { previous = row.label }
            let label = row.label == previous ? "" : row.label
            return "  " + style.dim(label + String(repeating: " ", count: width - label.count)) + "  " + row.value
        }
    }

    /// A mailbox that can exist here, and where its mail goes.
    private var example: (address: String, mailbox: String)? {
        for domain in topology.domains.values.map(\.name).sorted(by: { $0.text < $1.text }) {
            for connector in topology.connectors where connector.deliver.isMailbox {
                guard connector.addressSpaces.contains(where: { $0.pattern == .exact(domain) }) else { continue }
                return ("you@\(domain)", connector.deliver.destination(user: "you", domain: domain.text))
            }
        }
        return nil
    }

    /// One shell line that makes a mailbox and sends a first message to it; nil where there is no edge or no mailbox.
    ///
    /// With `;`: when the line is pasted again the mailbox exists, and the message goes all the same.
    var firstMessage: String? {
        guard let example, let listener = listenerForThisMachine else { return nil }
        let host = listener.reachableAddress
        return "\(Self.quoted(program)) user add \(example.address) --config \(Self.quoted(configuration)); "
            + "swaks --server \(host) --port \(listener.port) --from friend@example.org --to \(example.address)"
            + " --header 'Subject: Hello' --body 'It works.'"
    }

    /// The listener that a client on this machine may use; IPv4 first, since not every swaks speaks IPv6.
    private var listenerForThisMachine: Listener? {
        let open = topology.virtualServers.filter(\.isEdge).flatMap { server in
            server.listeners.filter { listener in
                let access = server.connections.access
                return IPAddress(parsing: listener.reachableAddress).map { access.isDecided(by: $0) && access.contains($0) } ?? false
            }
        }
        return open.first { $0.address.family == .ipv4 } ?? open.first
    }

    /// A word of a shell's command line.
    static func quoted(_ word: String) -> String {
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "._/-+@:,".utf8.contains(octet)
                }
            }
        guard !isPlain else { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    private struct Style {
        let colour: Bool

        func bold(_ text: String) -> String { colour ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
        func dim(_ text: String) -> String { colour ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
    }
}

extension DeliveryMethod {
    /// Where this way leads, in a few words.
    fileprivate var destination: String {
        switch self {
        case .maildir(let template): template
        case .lmtp(let target): "LMTP \(target)"
        case .smartHosts(let hosts, let directFirst):
            (directFirst ? "DNS, then " : "") + hosts.map(\.description).joined(separator: ", ")
        case .dns: "DNS"
        case .held: "kept until it is asked for"
        }
    }

    /// The same for one mailbox.
    fileprivate func destination(user: String, domain: String) -> String {
        guard case .maildir(let template) = self else { return destination }
        var path = ""
        var rest = template[...]
        while let brace = rest.firstIndex(of: "{") {
            path += rest[..<brace]
            rest = rest[brace...]
            if rest.hasPrefix("{user}") {
                path += user
                rest = rest.dropFirst("{user}".count)
            } else if rest.hasPrefix("{domain}") {
                path += domain
                rest = rest.dropFirst("{domain}".count)
            } else {
                path += "{"
                rest = rest.dropFirst()
            }
        }
        return path + rest + "/new/"
    }
}
