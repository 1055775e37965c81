import MailVocabulary
import NIOCore

/// What a submission server may ask of the core: to submit with the token of a session that authenticated itself, or without
/// one where its `anonymous` is true.
///
/// The token is the only way to name an account, and only the core issues it, to `postern-auth`; so a taken-over submission
/// server can use no account but those that log in through it (law 3). ATRN's "lease what is held for this token" joins these requests
/// with the issue on pulled mail.
public enum SubmissionLink: LinkRole {
    public static let name = RoleName.submission
    public typealias Response = SubmitResponse

    public enum Request: Hashable, Sendable {
        /// The transaction that follows is this token's account's.
        case authorize(SessionToken)
        /// The session of this token is over: nobody can use it any more. Between transactions; without an answer.
        case forget(SessionToken)
        /// From now on this connection hears which mechanisms nobody can log in with: at once, and with each change, by `mechanismsOff`.
        case watchMechanisms
        case submit(SubmitRequest)
    }
}

extension SubmissionLink: SubmitRole {
    public static func request(_ request: SubmitRequest) -> Request { .submit(request) }
    public static func authorization(_ token: SessionToken) -> Request? { .authorize(token) }
    public static func forgetting(_ token: SessionToken) -> Request? { .forget(token) }
    public static var watchingMechanisms: Request? { .watchMechanisms }
}

/// Stands for one authenticated session; issued by the core, sixteen random octets.
public struct SessionToken: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

    /// One that nobody can guess: from the system's source of randomness.
    public static func random() -> SessionToken {
        var generator = SystemRandomNumberGenerator()
        return SessionToken(high: generator.next(), low: generator.next())
    }
}

extension WireWriter {
    mutating func write(_ token: SessionToken) {
        write(token.high)
        write(token.low)
    }
}

extension WireReader {
    mutating func sessionToken() throws(WireError) -> SessionToken { SessionToken(high: try integer(), low: try integer()) }
}

extension SubmissionLink.Request: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> SubmissionLink.Request {
        switch kind {
        case 16: .authorize(try reader.sessionToken())
        case 17: .forget(try reader.sessionToken())
        case 18: .watchMechanisms
        default: .submit(try SubmitRequest.read(kind: kind, from: &reader))
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .authorize(let token): Frame.append(kind: 16, to: &buffer) { $0.write(token) }
        case .forget(let token): Frame.append(kind: 17, to: &buffer) { $0.write(token) }
        case .watchMechanisms: Frame.append(kind: 18, to: &buffer) { _ in }
        case .submit(let request): request.write(into: &buffer)
        }
    }
}
