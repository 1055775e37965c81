import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// Why a connection between two processes of Postern could not be made, or ended.
public enum LinkError: Error, Hashable, Sendable {
    /// The other end could not be reached within the time allowed; the system's words.
    case unreachable(String)
    /// The other end closed the connection.
    case closed
    /// The core does not welcome this peer: wrong account, wrong role, another version.
    case refused(String)
    /// Another account than the one that should listens at the socket.
    case impostor(userID: UInt32)
    /// The peer runs another version of this protocol.
    case versionMismatch(own: UInt16, peer: UInt16)
    case malformed(WireError)
    /// No greeting, or no answer, in the time allowed.
    case timedOut
    /// The pool has as many connections and waiters as it may.
    case exhausted
}

extension LinkError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreachable(let reason): "not reachable: \(reason)"
        case .closed: "connection closed"
        case .refused(let reason): "refused: \(reason)"
        case .impostor(let userID): "the account \(userID) listens there, which may not"
        case .versionMismatch(let own, let peer): "speaks version \(peer) of the protocol, this process version \(own)"
        case .malformed(let error): "malformed frame: \(error)"
        case .timedOut: "no answer in time"
        case .exhausted: "too many transactions at once"
        }
    }
}

extension LinkError {
    /// The system's words for what NIO reports.
    static func reason(_ error: any Error) -> String {
        (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }
}
