import MailVocabulary
import NIOCore

/// What a submission server may ask of the core: to submit with the token of a session that authenticated itself, or without
/// one where its `anonymous` is true.
///
/// The token is the only way to name an account, and only the core issues it, to `postern-auth`; so a taken-over submission
/// server can use no account but those that log in through it. ATRN's "lease what is held for this token" joins these requests
/// with the issue on pulled mail.
public enum SubmissionLink: LinkRole {
    public static let name = RoleName.submission
    public typealias Response = SubmitResponse

    public enum Request: Hashable, Sendable {
        /// The transaction that follows is this token's account's.
        case authorize(SessionToken)
        case submit(SubmitRequest)
    }
}

/// Stands for one authenticated session; issued by the core, sixteen random octets.
public struct SessionToken: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    public init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }
}

extension SubmissionLink.Request: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> SubmissionLink.Request {
        if kind == 16 { return .authorize(SessionToken(high: try reader.integer(), low: try reader.integer())) }
        return .submit(try SubmitRequest.read(kind: kind, from: &reader))
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .authorize(let token):
            Frame.append(kind: 16, to: &buffer) {
                $0.write(token.high)
                $0.write(token.low)
            }
        case .submit(let request): request.write(into: &buffer)
        }
    }
}
