import MailVocabulary
import NIOCore

/// What a submission server may ask of `postern-auth`: to carry one AUTH exchange through. Both sides see its messages as opaque octets.
///
/// One transaction is one exchange: `begin`, then for each `challenge` one `respond` or `cancel`, until `succeeded` or `failed`.
public enum LoginLink: LinkRole {
    public static let name = RoleName.login

    public enum Request: Hashable, Sendable {
        case begin(LoginFacts, SASLMechanism, initialResponse: ByteBuffer?)
        case respond(ByteBuffer)
        /// The client gave up (`*`); without an answer.
        case cancel
    }

    public enum Response: Hashable, Sendable {
        case challenge(ByteBuffer)
        /// The account is named for logs and for what the front end may say; what it may do follows from the token alone.
        case succeeded(SessionToken, account: EmailAddress)
        /// What the client is told.
        case failed(Reply)
    }

    /// The longest message of an exchange, in octets: what fits a line of RFC 4954 §4, decoded.
    public static let maximumMessage = 12288
}

/// What the submission server knows of a session that logs in.
public struct LoginFacts: Hashable, Sendable {
    /// The name of the virtual server in the configuration.
    public let virtualServer: String
    public let clientAddress: IPAddress
    /// Whether TLS protects the session.
    public let isSecure: Bool

    public init(virtualServer: String, clientAddress: IPAddress, isSecure: Bool) {
        (self.virtualServer, self.clientAddress, self.isSecure) = (virtualServer, clientAddress, isSecure)
    }
}

extension LoginLink.Request: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> LoginLink.Request {
        switch kind {
        case 1:
            .begin(
                try reader.loginFacts(), try reader.mechanism(),
                initialResponse: try reader.optional { reader throws(WireError) in try reader.loginMessage() })
        case 2: .respond(try reader.loginMessage())
        case 3: .cancel
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .begin(let facts, let mechanism, let initialResponse):
            Frame.append(kind: 1, to: &buffer) {
                $0.write(facts)
                $0.write(mechanism.rawValue)
                $0.write(optional: initialResponse) { $0.write($1) }
            }
        case .respond(let message): Frame.append(kind: 2, to: &buffer) { $0.write(message) }
        case .cancel: Frame.append(kind: 3, to: &buffer) { _ in }
        }
    }
}

extension LoginLink.Response: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> LoginLink.Response {
        switch kind {
        case 1: .challenge(try reader.loginMessage())
        case 2: .succeeded(try reader.sessionToken(), account: try reader.emailAddress())
        case 3: .failed(try reader.reply())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .challenge(let message): Frame.append(kind: 1, to: &buffer) { $0.write(message) }
        case .succeeded(let token, let account):
            Frame.append(kind: 2, to: &buffer) {
                $0.write(token)
                $0.write(account)
            }
        case .failed(let reply): Frame.append(kind: 3, to: &buffer) { $0.write(reply) }
        }
    }
}

extension WireWriter {
    mutating func write(_ facts: LoginFacts) {
        write(facts.virtualServer)
        write(facts.clientAddress)
        write(facts.isSecure)
    }
}

extension WireReader {
    mutating func loginFacts() throws(WireError) -> LoginFacts {
        LoginFacts(virtualServer: try text(), clientAddress: try ipAddress(), isSecure: try bool())
    }

    mutating func mechanism() throws(WireError) -> SASLMechanism {
        guard let mechanism = SASLMechanism(rawValue: try text()) else { throw .invalid("SASLMechanism") }
        return mechanism
    }

    /// Each at most once.
    mutating func mechanisms() throws(WireError) -> Set<SASLMechanism> {
        let list = try array(maximum: SASLMechanism.allCases.count) { reader throws(WireError) in try reader.mechanism() }
        let mechanisms = Set(list)
        guard mechanisms.count == list.count else { throw .invalid("SASLMechanism") }
        return mechanisms
    }

    mutating func loginMessage() throws(WireError) -> ByteBuffer {
        let message = try bytes()
        guard message.readableBytes <= LoginLink.maximumMessage else { throw .invalid("message of an exchange") }
        return message
    }
}
