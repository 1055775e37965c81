/// Why the bytes of a peer are not a message of its protocol. The connection is closed; nothing of the frame takes effect.
public enum WireError: Error, Hashable, Sendable {
    /// A frame announced more octets than it may have (`Frame`), or none.
    case frameLength(Int)
    /// The body ended before its last field.
    case truncated
    /// Octets were left over behind the last field.
    case trailingBytes(Int)
    /// The peer's role has no message of this kind.
    case unknownKind(UInt8)
    /// A field holds what its type does not allow; the name of the field's type.
    case invalid(String)
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .frameLength(let length): "frame of \(length) octets"
        case .truncated: "frame ends in the middle of a field"
        case .trailingBytes(let count): "\(count) octets behind the last field of a frame"
        case .unknownKind(let kind): "unknown kind of frame \(kind)"
        case .invalid(let what): "invalid \(what)"
        }
    }
}
