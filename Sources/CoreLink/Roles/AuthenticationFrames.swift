import MailVocabulary
import NIOCore

// How the messages of `AuthenticationLink` lie in frames.

extension AuthenticationLink.Request: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> AuthenticationLink.Request {
        switch kind {
        case 1: .begin(try reader.integer(), try reader.loginFacts(), try reader.mechanism())
        case 2: .reading(try reader.integer(), try reader.bool())
        case 3: .credential(try reader.integer(), loginName: try reader.loginName(), key: try reader.loginName())
        case 4: .succeeded(try reader.integer(), loginName: try reader.loginName(), key: try reader.optionalLoginName())
        case 5:
            .failed(try reader.integer(), key: try reader.optionalLoginName(), try reader.value(LoginFailure.self, "LoginFailure"))
        case 6: .cancelled(try reader.integer())
        case 7: .decoySecret
        case 8: .unusable(try reader.unusableMechanisms())
        case 9: .report(try reader.daemonReport())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .begin(let id, let facts, let mechanism):
            Frame.append(kind: 1, to: &buffer) {
                $0.write(id)
                $0.write(facts)
                $0.write(mechanism.rawValue)
            }
        case .reading(let id, let isReading):
            Frame.append(kind: 2, to: &buffer) {
                $0.write(id)
                $0.write(isReading)
            }
        case .credential(let id, let loginName, let key):
            Frame.append(kind: 3, to: &buffer) {
                $0.write(id)
                $0.write(line: loginName)
                $0.write(line: key)
            }
        case .succeeded(let id, let loginName, let key):
            Frame.append(kind: 4, to: &buffer) {
                $0.write(id)
                $0.write(line: loginName)
                $0.write(optional: key) { $0.write(line: $1) }
            }
        case .failed(let id, let key, let failure):
            Frame.append(kind: 5, to: &buffer) {
                $0.write(id)
                $0.write(optional: key) { $0.write(line: $1) }
                $0.write(failure.rawValue)
            }
        case .cancelled(let id): Frame.append(kind: 6, to: &buffer) { $0.write(id) }
        case .decoySecret: Frame.append(kind: 7, to: &buffer) { _ in }
        case .unusable(let mechanisms):
            Frame.append(kind: 8, to: &buffer) {
                $0.write(array: mechanisms) {
                    $0.write($1.mechanism.rawValue)
                    $0.write(line: $1.reason)
                }
            }
        case .report(let report): Frame.append(kind: 9, to: &buffer) { $0.write(report) }
        }
    }
}

extension AuthenticationLink.Response: LinkMessage {
    public static func read(kind: UInt8, from reader: inout WireReader) throws(WireError) -> AuthenticationLink.Response {
        switch kind {
        case 1: .admitted(try reader.integer())
        case 2:
            .credential(
                try reader.integer(),
                StoredCredential(
                    account: try reader.optional { reader throws(WireError) in try reader.emailAddress() },
                    loginKey: try reader.optionalLoginName(), verifier: try reader.line(maximum: 1024),
                    secret: try reader.optional { reader throws(WireError) in try reader.loginMessage() }))
        case 3: .issued(try reader.integer(), try reader.sessionToken(), account: try reader.emailAddress())
        case 4:
            .penalty(
                try reader.integer(),
                LoginPenalty(
                    wait: try reader.wait(), failures: Int(try reader.integer(UInt32.self)),
                    locks: Set(
                        try reader.array { reader throws(WireError) in try reader.value(LockScope.self, "LockScope") })))
        case 5: .locked(try reader.integer(), try reader.value(LockScope.self, "LockScope"), wait: try reader.wait())
        case 6: .refused(try reader.integer(), try reader.value(AuthenticationLink.Refusal.self, "Refusal"))
        case 7: .decoySecret(try reader.loginMessage())
        default: throw .unknownKind(kind)
        }
    }

    public func write(into buffer: inout ByteBuffer) {
        switch self {
        case .admitted(let id): Frame.append(kind: 1, to: &buffer) { $0.write(id) }
        case .credential(let id, let credential):
            Frame.append(kind: 2, to: &buffer) {
                $0.write(id)
                $0.write(optional: credential.account) { $0.write($1) }
                $0.write(optional: credential.loginKey) { $0.write($1) }
                $0.write(credential.verifier)
                $0.write(optional: credential.secret) { $0.write($1) }
            }
        case .issued(let id, let token, let account):
            Frame.append(kind: 3, to: &buffer) {
                $0.write(id)
                $0.write(token)
                $0.write(account)
            }
        case .penalty(let id, let penalty):
            Frame.append(kind: 4, to: &buffer) {
                $0.write(id)
                $0.write(wait: penalty.wait)
                $0.write(UInt32(clamping: penalty.failures))
                $0.write(array: penalty.locks.sorted { $0.rawValue < $1.rawValue }) { $0.write($1.rawValue) }
            }
        case .locked(let id, let scope, let wait):
            Frame.append(kind: 5, to: &buffer) {
                $0.write(id)
                $0.write(scope.rawValue)
                $0.write(wait: wait)
            }
        case .refused(let id, let refusal):
            Frame.append(kind: 6, to: &buffer) {
                $0.write(id)
                $0.write(refusal.rawValue)
            }
        case .decoySecret(let secret): Frame.append(kind: 7, to: &buffer) { $0.write(secret) }
        }
    }
}

extension WireWriter {
    /// In milliseconds.
    fileprivate mutating func write(wait: Duration) {
        let (seconds, attoseconds) = wait.components
        write(UInt32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }
}

extension WireReader {
    fileprivate mutating func wait() throws(WireError) -> Duration { .milliseconds(try integer(UInt32.self)) }

    fileprivate mutating func loginName() throws(WireError) -> String { try line(maximum: AuthenticationLink.maximumLoginName) }

    /// Each mechanism at most once.
    fileprivate mutating func unusableMechanisms() throws(WireError) -> [UnusableMechanism] {
        let list = try array(maximum: SASLMechanism.allCases.count) { reader throws(WireError) in
            UnusableMechanism(try reader.mechanism(), reason: try reader.line(maximum: AuthenticationLink.maximumReason))
        }
        guard Set(list.map(\.mechanism)).count == list.count else { throw .invalid("SASLMechanism") }
        return list
    }

    fileprivate mutating func optionalLoginName() throws(WireError) -> String? {
        try optional { reader throws(WireError) in try reader.loginName() }
    }

    fileprivate mutating func value<Value: RawRepresentable>(_: Value.Type, _ name: String) throws(WireError) -> Value
    where Value.RawValue == UInt8 {
        guard let value = Value(rawValue: try integer()) else { throw .invalid(name) }
        return value
    }
}
