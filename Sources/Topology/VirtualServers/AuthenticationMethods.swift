import MailVocabulary

/// The authentication methods of one virtual server: none but those named are offered (S08).
public struct AuthenticationMethods: Hashable, Sendable {
    /// The password itself goes over the line (S09).
    public struct Basic: Hashable, Sendable {
        public let mechanisms: [SASLMechanism]
        /// Neither offered nor accepted before TLS (S12).
        public let requireTLS: Bool
        public let location: SourceLocation

        public init(mechanisms: [SASLMechanism] = [.plain, .login], requireTLS: Bool = true, location: SourceLocation = .builtIn) {
            (self.mechanisms, self.requireTLS, self.location) = (mechanisms, requireTLS, location)
        }
    }

    /// The password is proven, not sent.
    public struct Challenge: Hashable, Sendable {
        public let mechanisms: [SASLMechanism]

        public init(mechanisms: [SASLMechanism] = [.scramSHA256]) { self.mechanisms = mechanisms }
    }

    /// Kerberos and NTLM (S10).
    public struct Integrated: Hashable, Sendable {
        public let mechanisms: [SASLMechanism]
        /// The Kerberos keytab, absolute; nil: the system's.
        public let keytab: String?

        public init(mechanisms: [SASLMechanism] = [.gssapi], keytab: String? = nil) {
            (self.mechanisms, self.keytab) = (mechanisms, keytab)
        }
    }

    /// Whether a session may send without logging in.
    public let anonymous: Bool
    public let basic: Basic?
    public let challenge: Challenge?
    public let integrated: Integrated?
    /// Of `anonymous` where it is written, of `authentication` otherwise.
    public let anonymousLocation: SourceLocation

    public init(
        anonymous: Bool = false, basic: Basic? = nil, challenge: Challenge? = nil, integrated: Integrated? = nil,
        anonymousLocation: SourceLocation = .builtIn
    ) {
        (self.anonymous, self.basic, self.challenge, self.integrated) = (anonymous, basic, challenge, integrated)
        self.anonymousLocation = anonymousLocation
    }
}

extension AuthenticationMethods {
    /// All that are configured, in the order in which they are offered.
    public var mechanisms: [SASLMechanism] {
        (basic?.mechanisms ?? []) + (challenge?.mechanisms ?? []) + (integrated?.mechanisms ?? [])
    }
}
