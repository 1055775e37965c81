import MailVocabulary
import NIOCore

/// What `postern-auth` may ask of the core: what one login name is checked against, and a token for an account that has proven itself.
/// It has no way to ask for a list of accounts, and none to see mail.
public enum AuthenticationLink: LinkRole {
    public static let name = RoleName.authentication

    public enum Request: Hashable, Sendable {
        /// Answered by `credential`, also for a name that nobody has, or by `refused`.
        case credential(loginName: String)
        /// Somebody has proven to be who has this login name, or, where another realm vouches for it, this account. Answered by `issued`
        /// or `refused`.
        case issueToken(loginName: String, LoginFacts, SASLMechanism)
        /// Answered by `decoySecret`: what the keys of names that nobody has are made from.
        case decoySecret
    }

    public enum Response: Hashable, Sendable {
        case credential(StoredCredential)
        case issued(SessionToken, account: EmailAddress)
        case refused(Refusal)
        case decoySecret(ByteBuffer)
    }

    /// Why there is no answer.
    public enum Refusal: UInt8, Hashable, Sendable, CaseIterable {
        /// More is asked than the core answers in this time.
        case tooMany = 1
        /// The directory cannot be read.
        case unavailable = 2
        /// The account is gone, or its credential has expired meanwhile.
        case noSuchAccount = 3
    }

    /// In octets.
    public static let maximumLoginName = 512
}

/// What a login with one name is checked against.
public struct StoredCredential: Hashable, Sendable {
    /// Whose it is; nil where nobody has this name, and then there is nothing else.
    public let account: EmailAddress?
    /// The key under which the credential lies, one for all spellings of the name: with the account, whom `secret` is sealed for. Nil
    /// where nobody has this name.
    public let loginKey: String?
    /// `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`.
    public let verifier: String
    /// The password of a credential that has a recoverable one, sealed: the text of `SealedSecret`. The core has no key for it.
    public let secret: ByteBuffer?

    public init(account: EmailAddress?, loginKey: String? = nil, verifier: String, secret: ByteBuffer? = nil) {
        (self.account, self.loginKey, self.verifier, self.secret) = (account, loginKey, verifier, secret)
    }
}

extension AuthenticationLink.Request: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> AuthenticationLink.Request {
        switch kind {
        case 1: .credential(loginName: try reader.line(maximum: AuthenticationLink.maximumLoginName))
        case 2:
            .issueToken(
                loginName: try reader.line(maximum: AuthenticationLink.maximumLoginName), try reader.loginFacts(), try reader.mechanism())
        case 3: .decoySecret
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .credential(let loginName): Frame.append(kind: 1, to: &buffer) { $0.write(loginName) }
        case .issueToken(let loginName, let facts, let mechanism):
            Frame.append(kind: 2, to: &buffer) {
                $0.write(loginName)
                $0.write(facts)
                $0.write(mechanism.rawValue)
            }
        case .decoySecret: Frame.append(kind: 3, to: &buffer) { _ in }
        }
    }
}

extension AuthenticationLink.Response: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> AuthenticationLink.Response {
        switch kind {
        case 1:
            .credential(
                StoredCredential(
                    account: try reader.optional { reader throws(WireError) in try reader.emailAddress() },
                    loginKey: try reader.optional { reader throws(WireError) in
                        try reader.line(maximum: AuthenticationLink.maximumLoginName)
                    },
                    verifier: try reader.line(maximum: 1024),
                    secret: try reader.optional { reader throws(WireError) in try reader.loginMessage() }))
        case 2: .issued(try reader.sessionToken(), account: try reader.emailAddress())
        case 3: .refused(try reader.refusal())
        case 4: .decoySecret(try reader.loginMessage())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .credential(let credential):
            Frame.append(kind: 1, to: &buffer) {
                $0.write(optional: credential.account) { $0.write($1) }
                $0.write(optional: credential.loginKey) { $0.write($1) }
                $0.write(credential.verifier)
                $0.write(optional: credential.secret) { $0.write($1) }
            }
        case .issued(let token, let account):
            Frame.append(kind: 2, to: &buffer) {
                $0.write(token)
                $0.write(account)
            }
        case .refused(let refusal): Frame.append(kind: 3, to: &buffer) { $0.write(refusal.rawValue) }
        case .decoySecret(let secret): Frame.append(kind: 4, to: &buffer) { $0.write(secret) }
        }
    }
}

extension WireReader {
    fileprivate mutating func refusal() throws(WireError) -> AuthenticationLink.Refusal {
        guard let refusal = AuthenticationLink.Refusal(rawValue: try integer()) else { throw .invalid("Refusal") }
        return refusal
    }
}
