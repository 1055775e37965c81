/// How an exchange goes on.
public enum SASLServerAnswer: Hashable, Sendable {
    /// To be sent to the client, whose response belongs to ``SASLServerExchange/step(_:)``. It may be empty.
    case challenge([UInt8])
    /// The password has not been proven lately: its keys are to be derived, which costs a processor much, by
    /// ``SASLServerExchange/derive()``. Only where ``SASLServer/Settings/derivesSeparately``.
    case needsDerivation
    /// The password is not the directory's, and another system is to be asked: ``SASLServerExchange/askOthers()``, on a thread that may wait for
    /// long.
    case waitsForOthers
    /// The end. SMTP's `235` carries no data (RFC 4954 §4): what a mechanism has to say at last was a challenge before.
    case succeeded(AuthenticatedIdentity)
    /// The end.
    case failed(AuthenticationFailure)
}
