import CSASL
import Synchronization

/// libsasl2, set up once for the whole process, as client and as server.
///
/// It reads no configuration file: without an application name it looks for none, and every option comes from here. Its
/// mechanisms are the plug-ins of the distribution; which of them an exchange may use is decided before it is asked.
public enum SASLLibrary {
    public struct Settings: Sendable {
        /// The keytab with the keys of `smtp/<host name>`, absolute, for GSSAPI and GS2-KRB5; nil: no Kerberos on the server's side.
        /// One for the process, as GSS-API has it.
        public let keytab: String?
        /// What the library has to say, on the thread that it happens on. Never has it a password.
        public let log: @Sendable (SASLLogLine) -> Void

        public init(keytab: String? = nil, log: @escaping @Sendable (SASLLogLine) -> Void) {
            (self.keytab, self.log) = (keytab, log)
        }
    }

    public enum Failure: Error, Hashable, Sendable {
        /// A call of the library failed: which, and what it says of the reason.
        case library(call: String, reason: String)
        /// It was started before, with another keytab.
        case startedOtherwise
    }

    /// What other threads may know: written once, before any exchange.
    struct Running: Sendable {
        let keytab: String?
        /// The plug-ins' mechanisms, by their registered names.
        let serverMechanisms: Set<String>
    }

    private static let state = Mutex<Running?>(nil)

    /// Nil until ``start(_:)`` has succeeded.
    static var running: Running? { state.withLock { $0 } }

    /// Loads the library's plug-ins. To be called before any exchange; a second call with the same keytab, or with none, changes nothing, and the
    /// first one's log stays.
    public static func start(_ settings: Settings) throws(Failure) {
        try state.withLock { state throws(Failure) in
            guard let running = state else {
                state = try initialise(settings)
                return
            }
            // A client needs none, and does not mind one.
            guard let keytab = settings.keytab, keytab != running.keytab else { return }
            guard running.keytab == nil else { throw .startedOtherwise }
            try register(keytab)
            state = Running(keytab: keytab, serverMechanisms: running.serverMechanisms)
        }
    }

    private static func initialise(_ settings: Settings) throws(Failure) -> Running {
        sasl_set_mutex(allocateMutex, lockMutex, unlockMutex, freeMutex)
        if let keytab = settings.keytab { try register(keytab) }
        // Both stay for as long as the process: the library keeps the pointers.
        let log = Unmanaged.passRetained(LogSink(write: settings.log)).toOpaque()
        let callbacks = UnsafeMutablePointer<sasl_callback_t>.allocate(capacity: 3)
        callbacks.initialize(
            from: [
                sasl_callback_t(id: UInt(SASL_CB_LOG), proc: callback(writeLog), context: log),
                sasl_callback_t(id: UInt(SASL_CB_GETOPT), proc: callback(readGlobalOption), context: nil),
                sasl_callback_t(id: UInt(SASL_CB_LIST_END), proc: nil, context: nil),
            ], count: 3)
        try check("sasl_server_init", sasl_server_init(callbacks, nil))
        try check("sasl_client_init", sasl_client_init(callbacks))
        try check("sasl_auxprop_add_plugin", sasl_auxprop_add_plugin(LibraryOption.pluginName, initialiseAuxiliaryProperties))
        return Running(keytab: settings.keytab, serverMechanisms: names(sasl_global_listmech()))
    }

    private static func register(_ keytab: String) throws(Failure) {
        guard krb5_gss_register_acceptor_identity(keytab) == UInt32(GSS_S_COMPLETE) else {
            throw .library(call: "krb5_gss_register_acceptor_identity", reason: keytab)
        }
    }

    private static func check(_ call: String, _ result: Int32) throws(Failure) {
        guard result == SASL_OK else { throw .library(call: call, reason: text(of: result)) }
    }

    /// What the library calls a result.
    static func text(of result: Int32) -> String { sasl_errstring(result, nil, nil).map { String(cString: $0) } ?? "\(result)" }

    private static func names(_ list: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Set<String> {
        var names: Set<String> = []
        var next = list
        while let name = next?.pointee {
            names.insert(String(cString: name))
            next = next?.advanced(by: 1)
        }
        return names
    }
}

extension SASLLibrary.Failure: CustomStringConvertible {
    /// One sentence without a full stop at its end, to stand after `error: `.
    public var description: String {
        switch self {
        case .library(let call, let reason): "libsasl2 cannot be used: \(call): \(reason)"
        case .startedOtherwise: "libsasl2 was started before with another keytab: a process has one"
        }
    }
}
