/// Where a socket is, and whose it must be.
public struct LinkAddress: Hashable, Sendable {
    public let path: String
    /// Accounts of which one must have called listen(2) there, as the kernel says; nil leaves it to the modes of the folders. An account
    /// that may make files beside the sockets could otherwise take the name of one that is not there yet, and be sent mail and passwords.
    public let listeners: Set<UInt32>?

    public init(path: String, listeners: Set<UInt32>? = nil) { (self.path, self.listeners) = (path, listeners) }
}

extension LinkAddress: CustomStringConvertible {
    public var description: String { path }
}
