import NIOCore

/// The first frame of a peer that asks for the configuration that the core runs with, and for nothing else. Any socket of a daemon's role
/// answers it; the peer closes the connection when it has read the answer.
public struct ConfigurationQuestion: Hashable, Sendable {
    static let kind: UInt8 = 0xF2

    public let version: UInt16
    public let role: UInt8

    public init(role: RoleName) { (version, self.role) = (Hello.protocolVersion, role.rawValue) }

    private init(version: UInt16, role: UInt8) { (self.version, self.role) = (version, role) }
}

/// What the question is answered with: the head of the text, which follows in ``ConfigurationPiece``s.
public struct ConfigurationHead: Hashable, Sendable {
    static let kind: UInt8 = 0xF3

    public let version: UInt16
    /// Of the text, in all.
    public let octets: UInt32
    /// nil where the text follows; otherwise why it does not, and the connection ends.
    public let refusal: String?

    public init(octets: Int, refusal: String? = nil) {
        (version, self.octets, self.refusal) = (Hello.protocolVersion, UInt32(clamping: octets), refusal)
    }

    private init(version: UInt16, octets: UInt32, refusal: String?) {
        (self.version, self.octets, self.refusal) = (version, octets, refusal)
    }
}

/// A piece of the text, at most `Frame.maximumContent` octets.
public struct ConfigurationPiece: Hashable, Sendable {
    static let kind: UInt8 = 0xF4

    public let octets: ByteBuffer

    public init(octets: ByteBuffer) { self.octets = octets }
}

extension ConfigurationQuestion: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> ConfigurationQuestion {
        guard kind == Self.kind else { throw .unknownKind(kind) }
        return ConfigurationQuestion(version: try reader.integer(), role: try reader.integer())
    }

    public func write(into buffer: inout ByteBuffer) {
        Frame.append(kind: Self.kind, to: &buffer) {
            $0.write(version)
            $0.write(role)
        }
    }
}

extension ConfigurationHead: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> ConfigurationHead {
        guard kind == Self.kind else { throw .unknownKind(kind) }
        return ConfigurationHead(
            version: try reader.integer(), octets: try reader.integer(),
            refusal: try reader.optional { reader throws(WireError) in try reader.text() })
    }

    public func write(into buffer: inout ByteBuffer) {
        Frame.append(kind: Self.kind, to: &buffer) {
            $0.write(version)
            $0.write(octets)
            $0.write(optional: refusal) { $0.write($1) }
        }
    }
}

extension ConfigurationPiece: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> ConfigurationPiece {
        guard kind == Self.kind else { throw .unknownKind(kind) }
        return ConfigurationPiece(octets: try reader.contentChunk())
    }

    public func write(into buffer: inout ByteBuffer) {
        Frame.append(kind: Self.kind, to: &buffer) { $0.buffer.writeImmutableBuffer(octets) }
    }
}
