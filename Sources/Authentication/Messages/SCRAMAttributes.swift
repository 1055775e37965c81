import Credentials

/// The attributes of one SCRAM message (RFC 5802 §5.1): `r=...,s=...`, each a letter and what follows it.
struct SCRAMAttributes {
    let list: [(name: UInt8, value: ArraySlice<UInt8>)]

    /// Nil where a part is no attribute, or where one extends the protocol in a way that has to be understood (`m`).
    init?(_ octets: some Collection<UInt8>) {
        var list: [(UInt8, ArraySlice<UInt8>)] = []
        for part in Array(octets).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let name = part.first, Self.isLetter(name), name != UInt8(ascii: "m"), part.dropFirst().first == UInt8(ascii: "=") else {
                return nil
            }
            list.append((name, part.dropFirst(2)))
        }
        self.list = list
    }

    /// Whether the first attributes have these names, in this order.
    func begins(with names: String) -> Bool { list.prefix(names.utf8.count).map(\.name) == Array(names.utf8) }

    private static func isLetter(_ octet: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(octet)
    }

    /// The octets of a value in base 64; nil for anything else.
    static func decoded(_ value: ArraySlice<UInt8>) -> [UInt8]? { Base64.decode(String(decoding: value, as: UTF8.self)) }

    /// `saslname`: UTF-8 in which a comma is `=2C` and an equals sign `=3D`.
    static func isName(_ value: ArraySlice<UInt8>) -> Bool {
        guard value.isName, !value.contains(UInt8(ascii: ",")) else { return false }
        var rest = value
        while let equals = rest.firstIndex(of: UInt8(ascii: "=")) {
            let code = Array(rest[(equals + 1)...].prefix(2))
            guard code == Array("2C".utf8) || code == Array("3D".utf8) else { return false }
            rest = rest[(equals + 3)...]
        }
        return true
    }

    static func isNonce(_ value: ArraySlice<UInt8>) -> Bool {
        (1...MessageLimit.nonce).contains(value.count) && value.isPrintable
    }
}
