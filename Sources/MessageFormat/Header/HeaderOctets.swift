/// Finds out whether the header of a message has octets above 127, as its content comes in however split (RFC 6532 §3).
///
/// The header ends at the first empty line. Keeps nothing, so that it needs no bound.
public struct HeaderOctets: Hashable, Sendable {
    public private(set) var has8BitOctets = false
    private var isOver = false
    /// Octets of the line that has begun, its end not counted; only whether there are any matters.
    private var isLineEmpty = true

    public init() {}

    public mutating func take(_ octets: some Sequence<UInt8>) {
        guard !isOver, !has8BitOctets else { return }
        for octet in octets {
            switch octet {
            case UInt8(ascii: "\n"):
                if isLineEmpty {
                    isOver = true
                    return
                }
                isLineEmpty = true
            case UInt8(ascii: "\r"): break
            case 0x80...:
                has8BitOctets = true
                return
            default: isLineEmpty = false
            }
        }
    }
}
