import NIOCore

/// One message of one direction of one role.
///
/// A role's messages are one enum per direction, so that what a peer cannot ask for has no bytes to ask with (law 3).
public protocol LinkMessage: Sendable {
    /// Reads the fields of a frame of this kind.
    static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> Self
    /// Appends this message as one frame.
    func write(into buffer: inout ByteBuffer)
}

/// The role of a socket: which requests can come in on it, and what answers them.
public protocol LinkRole {
    associatedtype Request: LinkMessage
    associatedtype Response: LinkMessage
    static var name: RoleName { get }
}

/// The sockets, all but `login` the core's. The socket is the role (law 3).
public enum RoleName: UInt8, CaseIterable, Sendable {
    case edge = 1
    /// The authenticated front end.
    case submission = 2
    case delivery = 3
    case mailbox = 4
    case control = 5
    /// Who someone is: reads one verifier, has session tokens issued.
    case authentication = 6
    /// The submission server's way to `postern-auth`, which makes this socket.
    case login = 7

    /// Where the socket is.
    public func path(in runtimeDirectory: String) -> String { "\(runtimeDirectory)/\(socketName)" }

    /// The name of the socket within the runtime directory.
    public var socketName: String {
        switch self {
        case .edge: "edge.sock"
        case .submission: "submission.sock"
        case .delivery: "delivery.sock"
        case .mailbox: "mailbox.sock"
        case .control: "control.sock"
        case .authentication: "auth.sock"
        case .login: "login.sock"
        }
    }
}

extension LinkMessage {
    /// Reads one whole frame; also what the fuzzer calls.
    public static func read(kind: UInt8, body: ByteBuffer) throws(WireError) -> Self {
        var reader = WireReader(body)
        let message = try read(kind: kind, from: &reader)
        try reader.finish()
        return message
    }
}
