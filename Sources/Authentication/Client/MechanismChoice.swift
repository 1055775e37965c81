import MailVocabulary

/// Which mechanism to log in with at another server.
public struct MechanismChoice: Hashable, Sendable {
    /// Those that may be used.
    public let allowed: Set<SASLMechanism>
    /// A password in the clear over a connection that is not encrypted; only where the configuration says so.
    public let allowsCleartextWithoutEncryption: Bool

    public init(allowed: Set<SASLMechanism> = [.gssapi, .scramSHA256, .plain, .login], allowsCleartextWithoutEncryption: Bool = false) {
        (self.allowed, self.allowsCleartextWithoutEncryption) = (allowed, allowsCleartextWithoutEncryption)
    }

    /// Why none can be used.
    public enum Refusal: Error, Hashable, Sendable {
        /// The server offers none that is allowed and that the credential serves.
        case nothingInCommon(offered: [String])
        /// Only such as would send the password over a connection that is not encrypted.
        case encryptionRequired
    }

    /// The mechanisms to try, the best first.
    ///
    /// - Parameter offered: the words of the server's `AUTH` keyword, in any case.
    public func mechanisms(
        offered: [String], credential: ClientCredential, isEncrypted: Bool
    ) throws(Refusal) -> [SASLMechanism] {
        let names = Set(offered.map { $0.uppercased() })
        let common = credential.mechanisms.filter { allowed.contains($0) && names.contains($0.rawValue) }
        guard !common.isEmpty else { throw .nothingInCommon(offered: offered) }
        let safe = common.filter { isEncrypted || allowsCleartextWithoutEncryption || $0.method != .basic }
        guard !safe.isEmpty else { throw .encryptionRequired }
        return safe
    }
}

extension MechanismChoice.Refusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .nothingInCommon(let offered):
            "the server offers no authentication mechanism that may be used (it offers \(offered.isEmpty ? "none" : offered.joined(separator: " ")))"
        case .encryptionRequired: "the server takes the password only in the clear, and the connection is not encrypted"
        }
    }
}
