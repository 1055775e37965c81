import MailVocabulary
import NameResolution

/// A question to the DNS, from what an administrator types.
struct DNSQuestion: Hashable, Sendable {
    /// Absolute, A-labels, without the last dot.
    let name: String
    let type: RecordType
    /// What `ptr` was asked about.
    let address: IPAddress?

    /// Why there is no such question.
    struct Refusal: Error, Equatable { let message: String }

    init(name: String, type: RecordType, address: IPAddress? = nil) { (self.name, self.type, self.address) = (name, type, address) }

    /// - Parameter text: a name in any script, labels such as `_dmarc` before it included; for PTR an address or its reverse name, for
    ///   TLSA `host`, `host:port` or the full name of the records (RFC 6698 §3).
    init(parsing text: String, type: RecordType) throws(Refusal) {
        switch type {
        case .ptr:
            let unbracketed = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
            if let address = IPAddress(parsing: unbracketed) {
                self.init(name: address.reverseName, type: type, address: address)
            } else if let name = Self.canonical(text), name.hasSuffix(".arpa") {
                self.init(name: name, type: type)
            } else {
                throw Refusal(message: "'\(text)' is no address (accepted: 192.0.2.1, 2001:db8::1 or a name below arpa)")
            }
        case .tlsa where !text.hasPrefix("_"):
            let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            let port: UInt16? = parts.count == 2 ? UInt16(parts[1]) : 25
            guard parts.count <= 2, let host = Self.canonical(parts[0]), let port, port > 0 else {
                throw Refusal(
                    message: "'\(text)' is no host (accepted: mail.example.org, mail.example.org:25 or _25._tcp.mail.example.org)")
            }
            try self.init(parsing: "_\(port)._tcp.\(host)", type: type)
        case .a, .aaaa, .mx, .ns, .txt, .tlsa:
            guard let name = Self.canonical(text) else {
                throw Refusal(message: "'\(text)' is not a name in the DNS (accepted: a name such as example.org)")
            }
            self.init(name: name, type: type)
        }
    }

    /// IDNA knows no underscores: the labels in front that have one are kept from it.
    private static func canonical(_ text: String) -> String? {
        if let name = DomainName(parsing: text) { return name.text }
        if let name = DomainName(inRecord: text) { return name.text }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let service = Array(labels.prefix { $0.hasPrefix("_") })
        guard let rest = DomainName(parsing: labels.dropFirst(service.count).joined(separator: ".")) else { return nil }
        let whole = (service + [rest.text]).joined(separator: ".")
        return DomainName(inRecord: whole)?.text
    }
}

extension RecordType {
    /// `MX`
    var word: String {
        switch self {
        case .a: "A"
        case .ns: "NS"
        case .ptr: "PTR"
        case .mx: "MX"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        case .tlsa: "TLSA"
        }
    }
}
