import MailVocabulary

/// Who may log in to a virtual server and how (S08, S10, S12), and whether one has to.
public struct ServerAuthentication: Hashable, Sendable {
    /// May be used before TLS; listed there, in this order.
    public let mechanismsInClear: [SASLMechanism]
    /// May be used over TLS; listed there, in this order.
    public let mechanismsOverTLS: [SASLMechanism]
    /// Whether `MAIL` needs a login (the opposite of `anonymous`).
    public let isRequired: Bool
    /// Refused logins of a connection that are told so; the next one closes it.
    public let failureLimit: Int

    public init(
        mechanismsInClear: [SASLMechanism], mechanismsOverTLS: [SASLMechanism], isRequired: Bool, failureLimit: Int = 3
    ) {
        (self.mechanismsInClear, self.mechanismsOverTLS) = (mechanismsInClear, mechanismsOverTLS)
        (self.isRequired, self.failureLimit) = (isRequired, failureLimit)
    }

    /// - Parameter off: those that nobody can log in with at present.
    func mechanisms(isSecured: Bool, without off: Set<SASLMechanism>) -> [SASLMechanism] {
        let all = isSecured ? mechanismsOverTLS : mechanismsInClear
        return off.isEmpty ? all : all.filter { !off.contains($0) }
    }
}
