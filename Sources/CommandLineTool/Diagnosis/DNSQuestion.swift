import ArgumentParser
import MailVocabulary
import NameResolution

/// A question of `postern dns`: what a person typed, as DNS is asked.
struct DNSQuestion: Hashable {
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case mx, a, aaaa, ptr, tlsa, ns, txt

        var type: RecordType {
            switch self {
            case .mx: .mx
            case .a: .a
            case .aaaa: .aaaa
            case .ptr: .ptr
            case .tlsa: .tlsa
            case .ns: .ns
            case .txt: .txt
            }
        }
    }

    let kind: Kind
    /// Absolute, ASCII, without the last dot.
    let name: String

    init(_ kind: Kind, name: String) { (self.kind, self.name) = (kind, name) }

    /// - Parameter text: a name; for `ptr` an address; for `tlsa` a host, perhaps with a port, or the name of the record itself.
    init(_ kind: Kind, parsing text: String) throws(ValidationError) {
        switch kind {
        case .ptr:
            guard let address = IPAddress(parsing: text) else {
                throw ValidationError("'\(text)' is not an address (accepted: 192.0.2.1 or 2001:db8::1)")
            }
            self.init(kind, name: address.reverseName)
        case .tlsa where !text.hasPrefix("_"):
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard let host = parts.first.flatMap({ DomainName(parsing: $0) }), parts.count <= 2,
                let port = parts.count == 2 ? UInt16(parts[1]) : 25, port > 0
            else { throw ValidationError("'\(text)' is not a host (accepted: mail.example.org, with a port if it is not 25)") }
            self.init(kind, name: "_\(port)._tcp.\(host)")
        default:
            // Names of records may have underscores: `_dmarc.example.org`.
            let trimmed = text.hasSuffix(".") ? String(text.dropLast()) : text
            guard let name = DomainName(parsing: trimmed) ?? DomainName(inRecord: trimmed) else {
                throw ValidationError("'\(text)' is not a domain name (accepted: a name such as example.org)")
            }
            self.init(kind, name: name.text)
        }
    }
}
