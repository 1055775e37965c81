import Credentials

/// A password for a device: `kqzt-7mwd-hx3p-v9fa`, 80 random bits. It is typed once, from a screen onto a phone, so it has no characters
/// that look alike and no capitals.
struct GeneratedPassword {
    /// 32 of them, 5 bits each.
    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")
    private static let (groups, groupLength) = (4, 4)

    let text: String

    /// - Throws: where there is no randomness.
    init() throws(CryptographyError) { self.init(octets: try randomOctets(Self.groups * Self.groupLength)) }

    init(octets: [UInt8]) {
        text = (0..<Self.groups).map { group in
            String(octets[group * Self.groupLength..<(group + 1) * Self.groupLength].map { Self.alphabet[Int($0 & 31)] })
        }.joined(separator: "-")
    }
}
