import MailVocabulary

/// The name servers that the system's file in the format of resolv.conf(5) names.
///
/// Read here and not by libunbound: it ends at the first line that it cannot read, and asks the root servers where no server is left.
/// Here such a line is passed over with a note, and where none is left, 127.0.0.1 is asked, as resolv.conf(5) has it.
struct ResolvConf: Hashable, Sendable {
    /// As libunbound takes them, `%` and the zone of a link-local address included. At least one, at most ``maximumServers``.
    let servers: [String]
    /// What was passed over, for administrators; at most ``maximumNotes``.
    let notes: [String]

    /// Servers that are asked; libc takes three.
    static let maximumServers = 8
    static let maximumNotes = 4
    /// Octets of the file that are read.
    static let maximumSize = 65_536

    /// - Parameters:
    ///   - content: of the file; nil where there is none, or it cannot be read.
    ///   - file: its name, for the notes.
    init(parsing content: [UInt8]?, file: String) {
        var servers: [String] = []
        var notes: [String] = []
        func pass(_ number: Int, _ why: String) {
            if notes.count < Self.maximumNotes { notes.append("\(file):\(number): \(why); the line is passed over") }
        }
        let lines = String(decoding: content ?? [], as: UTF8.self)
            .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let words = line.prefix { $0 != "#" && $0 != ";" }.split { $0 == " " || $0 == "\t" }
            guard words.first == "nameserver" else { continue }
            guard words.count > 1 else {
                pass(index + 1, "'nameserver' without an address")
                continue
            }
            guard let server = Self.server(words[1]) else {
                pass(index + 1, "'\(words[1].prefix(64))' is no address of a name server")
                continue
            }
            guard !servers.contains(server) else { continue }
            guard servers.count < Self.maximumServers else {
                pass(index + 1, "more than \(Self.maximumServers) name servers")
                continue
            }
            servers.append(server)
        }
        if servers.isEmpty {
            let what = content == nil ? "\(file) cannot be read" : "\(file) names no name server"
            notes.append("\(what): 127.0.0.1 is asked")
            servers = ["127.0.0.1"]
        }
        (self.servers, self.notes) = (servers, notes)
    }

    private static func server(_ word: Substring) -> String? {
        let parts = word.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parsing: parts[0]) else { return nil }
        guard parts.count == 2 else { return "\(address)" }
        // The name of an interface, or its number.
        let zone = parts[1]
        guard address.family == .ipv6, (1...15).contains(zone.utf8.count),
            zone.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "/") })
        else { return nil }
        return "\(address)%\(zone)"
    }
}
