import Credentials
import MailVocabulary

/// What the exchanges of one virtual server have in common: which mechanisms, and what passwords are checked with.
public struct SASLServer: Sendable {
    public struct Settings: Sendable {
        /// Those configured, in the order in which they are offered.
        public let mechanisms: [SASLMechanism]
        /// PLAIN and LOGIN only over an encrypted connection (S12).
        public let basicRequiresEncryption: Bool
        public let names: LoginNameForms
        public let decoys: DecoyKeys
        /// Asked where the directory's keys do not match; nil: not at all.
        public let saslauthd: Saslauthd?
        /// What recoverable secrets are opened with; nil: there are none.
        public let secretKey: SecretKey?
        /// A domain controller that checks NTLM's answers; libsasl2's plug-in asks it, within its own time limits.
        public let ntlmServer: DomainName?
        /// Passwords proven lately, which are not derived again; nil: none are known.
        public let proven: ProvenPasswords?
        /// An exchange whose password has to be derived says so, and leaves it to its host when.
        public let derivesSeparately: Bool
        /// Opened where a name has no secret, so that it takes as long as one that has; nil where there is no key.
        let decoySecret: SealedSecret?

        public init(
            mechanisms: [SASLMechanism], basicRequiresEncryption: Bool = true, names: LoginNameForms, decoys: DecoyKeys,
            saslauthd: Saslauthd? = nil, secretKey: SecretKey? = nil, ntlmServer: DomainName? = nil, proven: ProvenPasswords? = nil,
            derivesSeparately: Bool = false
        ) {
            (self.proven, self.derivesSeparately) = (proven, derivesSeparately)
            (self.mechanisms, self.basicRequiresEncryption, self.names) = (mechanisms, basicRequiresEncryption, names)
            (self.decoys, self.saslauthd, self.secretKey, self.ntlmServer) = (decoys, saslauthd, secretKey, ntlmServer)
            decoySecret = secretKey.flatMap { decoys.sealedSecret(with: $0) }
        }
    }

    /// What the connection of an exchange is like.
    public struct Facts: Hashable, Sendable {
        /// As clients know this server: CRAM-MD5 shows it, and Kerberos has keys for it.
        public let hostname: DomainName
        public let isEncrypted: Bool

        public init(hostname: DomainName, isEncrypted: Bool) { (self.hostname, self.isEncrypted) = (hostname, isEncrypted) }
    }

    public let settings: Settings
    /// Nil where each exchange brings its own.
    private let source: (any CredentialSource)?
    let now: @Sendable () -> Timestamp
    /// The one derivation of a password check; tests count its calls.
    let matches: PasswordCheck.Matching

    /// - Parameter source: of exchanges that do not bring their own.
    public init(settings: Settings, source: (any CredentialSource)? = nil, now: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        self.init(settings: settings, source: source, now: now, matches: PasswordCheck.derive)
    }

    init(
        settings: Settings, source: (any CredentialSource)?, now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        matches: @escaping PasswordCheck.Matching
    ) {
        (self.settings, self.source, self.now, self.matches) = (settings, source, now, matches)
    }

    /// What can be offered on such a connection: configured, with a plug-in on this machine, and with what it needs to check by.
    ///
    /// Empty before ``SASLLibrary/start(_:)``.
    public func mechanisms(isEncrypted: Bool) -> [SASLMechanism] {
        settings.mechanisms.filter { refusal(of: $0, isEncrypted: isEncrypted) == nil }
    }

    /// A new exchange; it has to be begun.
    ///
    /// - Parameter source: where this exchange looks up its name; nil: the server's.
    public func exchange(_ mechanism: SASLMechanism, facts: Facts, source: (any CredentialSource)? = nil) -> SASLServerExchange {
        SASLServerExchange(server: self, mechanism: mechanism, facts: facts, source: source ?? self.source ?? NoSource())
    }

    private struct NoSource: CredentialSource {
        func credential(for name: LoginName) throws(CredentialSourceFailure) -> StoredCredential? {
            throw CredentialSourceFailure("there is no source of credentials")
        }
    }

    /// Why nobody can log in with a configured mechanism, whatever the client sends and the connection is like. Reads the keytab.
    ///
    /// - Parameter hostname: of this server, for which clients get Kerberos tickets.
    /// - Returns: for an administrator, in one line; nil where nothing speaks against it. Systems that are asked at each login are not looked at.
    public func fault(of mechanism: SASLMechanism, hostname: DomainName) -> String? {
        guard let library = SASLLibrary.running else { return "libsasl2 has not been started" }
        guard library.serverMechanisms.contains(mechanism.rawValue) else { return "libsasl2 has no plug-in for it" }
        switch mechanism {
        case .plain, .login, .scramSHA256: return nil
        case .gssapi, .gs2Kerberos:
            guard let keytab = library.keytab else { return "postern-auth was started without a keytab" }
            return Keytab.objection(to: keytab, hostname: hostname)
        case .cramMD5, .scramSHA1: return settings.secretKey == nil ? Self.noKey : nil
        case .ntlm: return settings.secretKey == nil && settings.ntlmServer == nil ? Self.noKey : nil
        }
    }

    private static let noKey = "it needs recoverable secrets, and there is no key file that can be read"

    /// Why an exchange with this mechanism cannot begin; nil where it can.
    func refusal(of mechanism: SASLMechanism, isEncrypted: Bool) -> AuthenticationFailure? {
        guard settings.mechanisms.contains(mechanism), let library = SASLLibrary.running,
            library.serverMechanisms.contains(mechanism.rawValue)
        else { return .mechanismNotAvailable }
        switch mechanism {
        case .plain, .login: return settings.basicRequiresEncryption && !isEncrypted ? .encryptionRequired : nil
        case .scramSHA256: return nil
        case .gssapi, .gs2Kerberos: return library.keytab == nil ? .mechanismNotAvailable : nil
        // Their check needs the password itself. The keys of SCRAM-SHA-1 are stored nowhere.
        case .cramMD5, .scramSHA1: return settings.secretKey == nil ? .mechanismNotAvailable : nil
        case .ntlm: return settings.secretKey == nil && settings.ntlmServer == nil ? .mechanismNotAvailable : nil
        }
    }
}
