import CSASL
import Credentials
import MailVocabulary
import Synchronization

/// One AUTH exchange with another server on the client's side: opaque octets in, opaque octets out.
///
/// The calls block (SCRAM computes its keys, Kerberos may ask a KDC for a ticket): run them on a bounded pool of threads; from
/// whichever thread, one call at a time. The order is ``start()``, ``step(_:)`` for each `334`, and at `235` ``finish()``.
public final class SASLClientExchange: @unchecked Sendable {
    // @unchecked: everything mutable is touched with `gate` held, or in deinit.

    /// Of one message from the server, after base 64: what fits into RFC 4954 §4's line of 12,288 octets.
    public static let maximumMessageOctets = 9216
    /// Calls of ``step(_:)``.
    public static let maximumSteps = 10

    public let mechanism: SASLMechanism
    private let hostname: DomainName
    private let cache: String?
    private let gate = Mutex(())
    private let context: ClientContext
    private let callbacks: UnsafeMutablePointer<sasl_callback_t>
    private var connection: OpaquePointer?
    private var steps = 0
    /// What the server's octets pass before the library reads them.
    private var messages: any ServerMessages
    /// The mechanism has all that it wants to know from the server.
    private var isComplete = false

    /// - Parameters:
    ///   - mechanism: one that ``MechanismChoice`` has chosen: nothing is asked here about encryption.
    ///   - hostname: of the server, by which Kerberos has a ticket for it.
    public init(mechanism: SASLMechanism, credential: ClientCredential, hostname: DomainName) {
        (self.mechanism, self.hostname) = (mechanism, hostname)
        cache = if case .kerberos(let cache) = credential { cache } else { nil }
        context = ClientContext(credential: credential)
        callbacks = clientCallbacks(context)
        messages = serverMessages(of: mechanism)
    }

    deinit {
        if connection != nil { sasl_dispose(&connection) }
        callbacks.deallocate()
    }

    /// Begins the exchange: what to send with the command.
    public func start() -> SASLClientAnswer {
        gate.withLock { _ in
            guard connection == nil, steps == 0 else { return .failed(.temporary("the exchange has begun before")) }
            guard SASLLibrary.running != nil else { return .failed(.temporary("libsasl2 has not been started")) }
            let made = sasl_client_new("smtp", hostname.text, nil, nil, callbacks, 0, &connection)
            guard made == SASL_OK, let connection else {
                return .failed(.temporary("sasl_client_new: \(SASLLibrary.text(of: made))"))
            }
            // No security layer, as on the server's side. Whether a password may go in the clear is decided by the choice.
            var properties = sasl_security_properties_t()
            properties.security_flags = UInt32(SASL_SEC_NOANONYMOUS)
            guard sasl_setprop(connection, SASL_SEC_PROPS, &properties) == SASL_OK else { return .failed(.temporary("sasl_setprop")) }
            var chosen: UnsafePointer<CChar>?
            let answer = run { connection, output, length in
                sasl_client_start(connection, mechanism.rawValue, nil, &output, &length, &chosen)
            }
            guard case .failed(.temporary(let detail)) = answer else { return answer }
            return .failed(.mechanismNotAvailable(detail))
        }
    }

    /// Goes on with the server's challenge, decoded.
    public func step(_ challenge: [UInt8]) -> SASLClientAnswer {
        gate.withLock { _ in
            steps += 1
            guard challenge.count <= Self.maximumMessageOctets, steps <= Self.maximumSteps else { return .failed(.tooMuch) }
            // SMTP has its success without data: what a mechanism says at last has no answer but an empty one.
            if let refusal = iterationsRefused(challenge) { return .failed(.badServer(refusal)) }
            if isComplete { return challenge.isEmpty ? .response([]) : .failed(.badServer("it goes on after the end")) }
            if let objection = messages.objection(to: challenge) { return .failed(.badServer(objection)) }
            let answer = run { connection, output, length in
                withCharacters(challenge) { sasl_client_step(connection, $0, $1, nil, &output, &length) }
            }
            guard case .response(nil) = answer else { return answer }
            return .response([])
        }
    }

    /// The server has said `235`: whether that can be believed.
    ///
    /// - Returns: nil where the exchange is complete. Otherwise the connection is not to be used: somebody who does not know the
    ///   password may have accepted the login, to get the mail.
    public func finish() -> SASLClientFailure? { gate.withLock { _ in isComplete ? nil : .serverNotProven } }

    // MARK: Internals

    /// What is wrong with the iteration count of SCRAM's first message from the server (RFC 5802 §5.1).
    ///
    /// libsasl2 takes a count of zero. A server that may choose a low one gets a proof from which the password is guessed cheaply, and
    /// one that asks for billions keeps a processor busy.
    private func iterationsRefused(_ challenge: [UInt8]) -> String? {
        guard steps == 1, mechanism == .scramSHA256 || mechanism == .scramSHA1 else { return nil }
        let attributes = String(decoding: challenge, as: UTF8.self).split(separator: ",")
        guard let attribute = attributes.first(where: { $0.hasPrefix("i=") }) else { return nil }
        guard let count = Int(attribute.dropFirst(2)), SCRAMVerifier.permittedIterations.contains(count) else {
            return "the iteration count \(attribute.prefix(20)) is not within \(SCRAMVerifier.permittedIterations)"
        }
        return nil
    }

    private func run(_ call: (OpaquePointer, inout UnsafePointer<CChar>?, inout UInt32) -> Int32) -> SASLClientAnswer {
        guard let connection else { return .failed(.temporary("the exchange has not begun")) }
        // A thread has its cache, and the threads of a pool serve exchanges with others.
        var minor: OM_uint32 = 0
        if mechanism.method == .integrated { gss_krb5_ccache_name(&minor, cache, nil) }
        var output: UnsafePointer<CChar>?
        var length: UInt32 = 0
        let result = call(connection, &output, &length)
        switch result {
        case SASL_OK, SASL_CONTINUE:
            isComplete = result == SASL_OK
            return .response(output.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(length))) })
        case SASL_BADSERV, SASL_BADPROT, SASL_BADAUTH, SASL_BUFOVER, SASL_BADMAC:
            return .failed(.badServer(printable(sasl_errdetail(connection))))
        case SASL_NOMECH, SASL_TOOWEAK, SASL_ENCRYPT: return .failed(.mechanismNotAvailable(printable(sasl_errdetail(connection))))
        default: return .failed(.temporary(printable(sasl_errdetail(connection))))
        }
    }
}
