import NIOCore

/// The first frame of a peer on a new connection.
public struct Hello: Hashable, Sendable {
    /// The version of this protocol: both ends must be of one version, which they are where they are of one package.
    public static let protocolVersion: UInt16 = 4
    static let kind: UInt8 = 0xF0

    public let version: UInt16
    public let role: UInt8
    /// Names the process for as long as it lives: random. Leases belong to it.
    public let holder: UInt64
    /// The revision of the configuration that the peer runs with.
    public let revision: String

    public init(role: RoleName, holder: UInt64, revision: String) {
        (version, self.role, self.holder, self.revision) = (Self.protocolVersion, role.rawValue, holder, revision)
    }
}

/// The core's answer to `Hello`; the first frame it sends.
public struct Greeting: Hashable, Sendable {
    static let kind: UInt8 = 0xF1

    public let version: UInt16
    /// The revision of the configuration that the core runs with.
    public let revision: String
    /// nil where the peer is welcome; otherwise why it is not, and the connection ends.
    public let refusal: String?

    public init(revision: String, refusal: String? = nil) {
        (version, self.revision, self.refusal) = (Hello.protocolVersion, revision, refusal)
    }
}

extension Hello: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> Hello {
        guard kind == Self.kind else { throw .unknownKind(kind) }
        return Hello(
            version: try reader.integer(), role: try reader.integer(), holder: try reader.integer(), revision: try reader.text())
    }

    private init(version: UInt16, role: UInt8, holder: UInt64, revision: String) {
        (self.version, self.role, self.holder, self.revision) = (version, role, holder, revision)
    }

    public func write(into buffer: inout ByteBuffer) {
        Frame.append(kind: Self.kind, to: &buffer) {
            $0.write(version)
            $0.write(role)
            $0.write(holder)
            $0.write(revision)
        }
    }
}

extension Greeting: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> Greeting {
        guard kind == Self.kind else { throw .unknownKind(kind) }
        return Greeting(
            version: try reader.integer(), revision: try reader.text(),
            refusal: try reader.optional { reader throws(WireError) in try reader.text() })
    }

    private init(version: UInt16, revision: String, refusal: String?) {
        (self.version, self.revision, self.refusal) = (version, revision, refusal)
    }

    public func write(into buffer: inout ByteBuffer) {
        Frame.append(kind: Self.kind, to: &buffer) {
            $0.write(version)
            $0.write(revision)
            $0.write(optional: refusal) { $0.write($1) }
        }
    }
}
