import MailVocabulary

/// `host`, `host:port`, `[address]`, `[address]:port`, `address:port`: split, and each part read.
struct HostPort {
    enum Host: Hashable {
        case name(DomainName)
        case address(IPAddress)
    }

    let host: Host
    /// Whether the address stood in brackets.
    let isBracketed: Bool
    /// 1 to 65535.
    let port: Int?

    /// nil for anything else; a bare IPv6 address has no port.
    init?(parsing text: String) {
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            var inside = text[text.index(after: text.startIndex)..<close]
            if inside.hasPrefix("IPv6:") { inside = inside.dropFirst(5) }
            guard let address = IPAddress(parsing: inside) else { return nil }
            let rest = text[text.index(after: close)...]
            if rest.isEmpty {
                self.init(host: .address(address), isBracketed: true, port: nil)
            } else {
                guard rest.hasPrefix(":"), let port = Self.port(rest.dropFirst()) else { return nil }
                self.init(host: .address(address), isBracketed: true, port: port)
            }
        } else if let address = IPAddress(parsing: text) {
            self.init(host: .address(address), isBracketed: false, port: nil)
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { return nil }
            var port: Int?
            if parts.count == 2 {
                guard let number = Self.port(parts[1]) else { return nil }
                port = number
            }
            if let address = IPAddress(parsing: parts[0]) {
                self.init(host: .address(address), isBracketed: false, port: port)
            } else if let name = DomainName(parsing: parts[0]) {
                self.init(host: .name(name), isBracketed: false, port: port)
            } else {
                return nil
            }
        }
    }

    private init(host: Host, isBracketed: Bool, port: Int?) { (self.host, self.isBracketed, self.port) = (host, isBracketed, port) }

    static func port(_ text: some StringProtocol) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            (1...65535).contains(number)
        else { return nil }
        return number
    }
}
