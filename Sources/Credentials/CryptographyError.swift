/// OpenSSL failed, or had no randomness: the machine's failure, and never the sign of a wrong password.
public struct CryptographyError: Error, Hashable, Sendable {
    /// The function that failed.
    public let operation: String

    init(_ operation: String) { self.operation = operation }
}

extension CryptographyError: CustomStringConvertible {
    public var description: String { "OpenSSL failed: \(operation)" }
}
