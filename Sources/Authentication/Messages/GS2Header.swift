/// `gs2-header` (RFC 5801 §4): whether the client binds a channel, and who it wants to act as.
///
/// We offer no mechanism that binds a channel: `p=` is for those, and `F,` for mechanisms of GSS-API that are none of ours.
struct GS2Header {
    /// The header's own octets, up to and with its second comma.
    let octets: ArraySlice<UInt8>
    /// What follows it.
    let rest: ArraySlice<UInt8>

    init?(_ message: [UInt8]) {
        guard let flag = message.first, flag == UInt8(ascii: "n") || flag == UInt8(ascii: "y"), message.count >= 3,
            message[1] == UInt8(ascii: ","), let end = message[2...].firstIndex(of: UInt8(ascii: ","))
        else { return nil }
        let identity = message[2..<end]
        if !identity.isEmpty {
            guard identity.starts(with: Array("a=".utf8)), SCRAMAttributes.isName(identity.dropFirst(2)) else { return nil }
        }
        octets = message[...end]
        rest = message[(end + 1)...]
    }
}
