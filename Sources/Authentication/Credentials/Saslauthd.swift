import Glibc
import MailVocabulary
import UnixSockets

/// Asks saslauthd (PAM, LDAP, …) whether a password is right, over its Unix socket.
///
/// Its protocol is spoken here, and not by libsasl2's own client of it: that has no deadline, and one saslauthd that hangs would
/// hold every thread of the pool. Also must its answer count only together with what the directory says (``ServerContext``).
///
/// A request is login, password, service and realm, each with its length in two octets before it, the higher first; the answer is one
/// such string that begins with `OK` or `NO`.
public struct Saslauthd: Hashable, Sendable {
    public enum Answer: Hashable, Sendable {
        case right, wrong
        /// No answer: for the log, in one line.
        case unavailable(String)
    }

    /// What saslauthd itself takes of each string.
    private static let maximumOctets = 255
    private static let maximumAnswerOctets = 1024

    /// The socket's path; at most 107 octets.
    public let socket: String
    /// For the whole conversation. A PAM module may wait some seconds before it says no.
    public let deadline: Duration
    /// The PAM service among others.
    public let service: String

    public init(socket: String, deadline: Duration = .seconds(15), service: String = "smtp") {
        (self.socket, self.deadline, self.service) = (socket, deadline, service)
    }

    /// Blocks until there is an answer, or the deadline has passed.
    ///
    /// - Parameter loginName: of an address, the domain is sent as the realm.
    public func check(loginName: String, password: [UInt8]) -> Answer {
        let separator = loginName.lastIndex(of: "@")
        let user = separator.map { loginName[..<$0] } ?? loginName[...]
        let realm = separator.map { loginName[loginName.index(after: $0)...] } ?? ""
        var request: [UInt8] = []
        for part in [Array(user.utf8), password, Array(service.utf8), Array(realm.utf8)] {
            // It would be cut short there, or refused: in any case such a login is none of saslauthd's.
            guard part.count <= Self.maximumOctets, !part.contains(0) else { return .wrong }
            request += [UInt8(part.count >> 8), UInt8(part.count & 0xFF)] + part
        }
        do throws(UnixConversation.Failure) {
            let conversation = try UnixConversation(path: socket, deadline: .now + deadline)
            defer { conversation.close() }
            try conversation.send(request)
            let length = try conversation.receive(2)
            let count = Int(length[0]) << 8 | Int(length[1])
            guard (2...Self.maximumAnswerOctets).contains(count) else { return .unavailable("saslauthd answered with \(count) octets") }
            let answer = try conversation.receive(count)
            return switch answer.prefix(2) {
            case [0x4F, 0x4B]: .right
            case [0x4E, 0x4F]: .wrong
            default: .unavailable("saslauthd answered with something else than OK or NO")
            }
        } catch {
            return .unavailable("saslauthd at \(socket): \(error.reason)")
        }
    }
}
