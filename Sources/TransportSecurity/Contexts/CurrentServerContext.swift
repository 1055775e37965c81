import Synchronization

/// The context that new sessions take. A session keeps the one it began with.
public final class CurrentServerContext: Sendable {
    private let context: Mutex<ServerContext>

    public init(_ context: ServerContext) { self.context = Mutex(context) }

    public var value: ServerContext { context.withLock { $0 } }

    /// From now on new sessions show these.
    ///
    /// - Throws: as `ServerContext.init`; then everything stays as it was.
    public func replace(identities: [ServerIdentity]) throws(TLSError) {
        let next = try value.replacing(identities: identities)
        context.withLock { $0 = next }
    }
}
