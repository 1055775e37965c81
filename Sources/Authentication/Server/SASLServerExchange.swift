import CSASL
import Glibc
import MailVocabulary
import Synchronization

/// One AUTH exchange on the server's side: opaque octets in, opaque octets out.
///
/// ``begin(_:)`` and ``step(_:)`` block: they derive keys, ask the source of credentials, saslauthd, a domain controller. Run
/// them on a bounded pool of threads, and not on an event loop; from whichever thread, one call at a time. An exchange that is
/// let go before its end gives back all that it holds, and counts as nothing.
public final class SASLServerExchange: @unchecked Sendable {
    // @unchecked: everything mutable is touched with `gate` held, or in deinit.

    /// Of one message from the client, after base 64: what fits into RFC 4954 §4's line of 12,288 octets.
    public static let maximumMessageOctets = 9216
    /// Calls of ``step(_:)``. Kerberos needs three, with retries of it a few more.
    public static let maximumSteps = 10

    public let mechanism: SASLMechanism
    private let facts: SASLServer.Facts
    private let refusal: AuthenticationFailure?
    private let gate = Mutex(())
    private let context: ServerContext
    private let callbacks: UnsafeMutablePointer<sasl_callback_t>
    private var connection: OpaquePointer?
    private var steps = 0
    /// What a stranger's octets pass before the library reads them.
    private var messages: any ClientMessages
    /// What the client has sent, where the library may have to be given it once more; erased at the end.
    private var received: [[UInt8]] = []
    private let remembersMessages: Bool
    /// Steps wait for another system, within the library: they belong on threads of their own.
    public let waitsForOthers: Bool

    init(server: SASLServer, mechanism: SASLMechanism, facts: SASLServer.Facts, source: any CredentialSource) {
        (self.mechanism, self.facts) = (mechanism, facts)
        refusal = server.refusal(of: mechanism, isEncrypted: facts.isEncrypted)
        context = ServerContext(server: server, mechanism: mechanism, source: source)
        remembersMessages = mechanism.method == .basic && (server.settings.saslauthd != nil || server.settings.derivesSeparately)
        waitsForOthers = mechanism == .ntlm && server.settings.ntlmServer != nil
        callbacks = serverCallbacks(context)
        messages = clientMessages(of: mechanism)
    }

    deinit {
        dispose()
        forgetMessages()
        callbacks.deallocate()
    }

    /// The name that the client has given so far, for logs and counts; nil before it has, and with Kerberos.
    public var loginName: LoginName? { gate.withLock { _ in context.name } }

    /// The same as a log may have it (``LoggedLoginName``); empty before there is one.
    public var loggedName: String { gate.withLock { _ in context.loggedName ?? "" } }

    /// Begins the exchange.
    ///
    /// - Parameter initialResponse: what came with the command, decoded; nil where nothing came, which is not the same as an empty
    ///   response (`=`, RFC 4954 §4).
    public func begin(_ initialResponse: [UInt8]?) -> SASLServerAnswer {
        gate.withLock { _ in
            guard steps == 0, connection == nil else { return .failed(.malformed("the exchange has begun before")) }
            if let refusal { return .failed(refusal) }
            guard initialResponse?.count ?? 0 <= Self.maximumMessageOctets else { return .failed(.tooLong) }
            if let initialResponse, mechanism != .login, let objection = messages.objection(to: initialResponse) {
                return .failed(.malformed(objection))
            }
            return start(initialResponse)
        }
    }

    /// Goes on with the client's response to the last challenge, decoded.
    public func step(_ response: [UInt8]) -> SASLServerAnswer { gate.withLock { _ in continueWith(response) } }

    /// Asks another system whether the password is right, after ``SASLServerAnswer/waitsForOthers``. Blocks for as long as that takes.
    public func askOthers() -> SASLServerAnswer {
        gate.withLock { _ in
            if let failure = context.askOthers() { return end(.failed(failure)) }
            return repeatMessages()
        }
    }

    /// Derives the keys of the password, after ``SASLServerAnswer/needsDerivation``. Costs a processor tens of milliseconds.
    public func derive() -> SASLServerAnswer {
        gate.withLock { _ in
            if let failure = context.derive() { return end(.failed(failure)) }
            return repeatMessages()
        }
    }

    // MARK: Internals

    /// The library has the last word about who the client may act as: it gets the same messages, and hears what has been found out meanwhile.
    private func repeatMessages() -> SASLServerAnswer {
        let messages = received
        var answer = start(nil)
        for message in messages {
            guard case .challenge = answer else { break }
            answer = step(in: message)
        }
        if case .challenge = answer { return end(.failed(.temporary("the exchange cannot be repeated"))) }
        return answer
    }

    /// Gives the library a new connection and the first message.
    private func start(_ initialResponse: [UInt8]?) -> SASLServerAnswer {
        if let failure = connect() { return .failed(failure) }
        let response = mechanism == .login ? nil : initialResponse
        if let response { remember(response) }
        let answer = run { connection, output, length in
            guard let response else { return sasl_server_start(connection, mechanism.rawValue, nil, 0, &output, &length) }
            return withCharacters(response) { sasl_server_start(connection, mechanism.rawValue, $0, $1, &output, &length) }
        }
        // LOGIN's server speaks first, and many clients give the name with the command nevertheless.
        guard mechanism == .login, let initialResponse, case .challenge = answer else { return answer }
        return continueWith(initialResponse)
    }

    private func remember(_ message: [UInt8]) {
        if remembersMessages, !context.isOutsideAnswered { received.append(message) }
    }

    private func continueWith(_ response: [UInt8]) -> SASLServerAnswer {
        guard connection != nil else { return .failed(.malformed("the exchange is over")) }
        steps += 1
        guard response.count <= Self.maximumMessageOctets else { return end(.failed(.tooLong)) }
        guard steps <= Self.maximumSteps else { return end(.failed(.malformed("more than \(Self.maximumSteps) steps"))) }
        if let objection = messages.objection(to: response) { return end(.failed(.malformed(objection))) }
        remember(response)
        return step(in: response)
    }

    private func step(in response: [UInt8]) -> SASLServerAnswer {
        run { connection, output, length in
            withCharacters(response) { sasl_server_step(connection, $0, $1, &output, &length) }
        }
    }

    private func connect() -> AuthenticationFailure? {
        let result = sasl_server_new("smtp", facts.hostname.text, nil, nil, nil, callbacks, 0, &connection)
        guard result == SASL_OK, let connection else { return .temporary("sasl_server_new: \(SASLLibrary.text(of: result))") }
        // No security layer: its keys would have to be in the process that has the connection.
        var properties = sasl_security_properties_t()
        properties.security_flags = UInt32(SASL_SEC_NOANONYMOUS)
        let set = sasl_setprop(connection, SASL_SEC_PROPS, &properties)
        guard set == SASL_OK else {
            dispose()
            return .temporary("sasl_setprop: \(SASLLibrary.text(of: set))")
        }
        return nil
    }

    private func run(_ call: (OpaquePointer, inout UnsafePointer<CChar>?, inout UInt32) -> Int32) -> SASLServerAnswer {
        guard let connection else { return .failed(.malformed("the exchange is over")) }
        var output: UnsafePointer<CChar>?
        var length: UInt32 = 0
        let result = call(connection, &output, &length)
        switch result {
        case SASL_CONTINUE:
            return .challenge(output.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(length))) } ?? [])
        case SASL_OK:
            switch context.identity(principal: context.isKerberos ? kerberosPrincipal(connection) : nil) {
            case .success(let identity): return end(.succeeded(identity))
            case .failure(let failure): return end(.failed(failure))
            }
        default:
            if context.isDerivationPending {
                dispose()
                return .needsDerivation
            }
            if context.isOutsidePending {
                dispose()
                return .waitsForOthers
            }
            return end(.failed(failure(of: result, detail: printable(sasl_errdetail(connection)))))
        }
    }

    private func failure(of result: Int32, detail: String) -> AuthenticationFailure {
        if let verdict = context.verdict { return verdict }
        switch result {
        case SASL_BADAUTH, SASL_NOUSER, SASL_NOVERIFY, SASL_EXPIRED, SASL_DISABLED, SASL_TRANS, SASL_NOAUTHZ, SASL_BADSERV:
            return context.whyNot
        case SASL_NOMECH, SASL_TOOWEAK, SASL_ENCRYPT: return .mechanismNotAvailable
        case SASL_BADPROT, SASL_BADPARAM, SASL_BUFOVER, SASL_BADBINDING: return .malformed(detail)
        default: return .temporary(detail)
        }
    }

    private func end(_ answer: SASLServerAnswer) -> SASLServerAnswer {
        dispose()
        forgetMessages()
        return answer
    }

    private func forgetMessages() {
        for index in received.indices { explicit_bzero(&received[index], received[index].count) }
        received = []
    }

    private func dispose() {
        if connection != nil { sasl_dispose(&connection) }
    }
}

/// Octets as the library takes them: never a null pointer, which would mean that there are none, and with a NUL behind them.
func withCharacters<Result>(_ octets: [UInt8], _ body: (UnsafePointer<CChar>, UInt32) -> Result) -> Result {
    var copy = octets + [0]
    defer { explicit_bzero(&copy, copy.count) }
    return copy.withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { characters in
            guard let first = characters.baseAddress else { preconditionFailure("an array with one element has an address") }
            return body(first, UInt32(octets.count))
        }
    }
}
