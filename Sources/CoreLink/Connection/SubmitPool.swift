import MailVocabulary
import NIOCore

/// Connections that a front end submits over, whatever the role of its socket. Confined to its event loop.
public protocol SubmitPool: AnyObject {
    var eventLoop: any EventLoop { get }
    /// The configuration's revision that this process runs with.
    var revision: String { get }
    /// As `LinkPool.acquire`.
    func acquireConnection(_ completion: @escaping (Result<any SubmitConnection, LinkError>) -> Void)
    /// The session of this token is over. Nothing happens where the core cannot be reached: it forgets tokens by itself in time.
    func forget(_ token: SessionToken)
}

/// One connection of a `SubmitPool`, for one transaction: until `release` or `discard`.
public protocol SubmitConnection: AnyObject {
    /// The configuration's revision that the core runs with.
    var coreRevision: String { get }
    var isWritable: Bool { get }
    /// The transaction that follows is this token's account's.
    func authorize(_ token: SessionToken)
    func send(_ request: SubmitRequest)
    func flush()
    /// Says who hears of answers, of the end of the connection, and of room in the socket after `isWritable` was false.
    func listen(message: @escaping (SubmitResponse) -> Void, closed: @escaping () -> Void, writable: @escaping () -> Void)
    /// The transaction is over, and the connection free for the next.
    func release()
    /// The transaction broke off: the core drops it with the connection.
    func discard()
}

extension LinkPool: SubmitPool where Role: SubmitRole & SendableMetatype {
    public func acquireConnection(_ completion: @escaping (Result<any SubmitConnection, LinkError>) -> Void) {
        acquire { [self] result in completion(result.map { PooledConnection(client: $0, pool: self) }) }
    }

    public func forget(_ token: SessionToken) {
        guard let request = Role.forgetting(token) else { return }
        acquire { [self] result in
            guard case .success(let client) = result else { return }
            client.connection.send(request)
            client.connection.flush()
            release(client)
        }
    }
}

private final class PooledConnection<Role: SubmitRole & SendableMetatype>: SubmitConnection {
    private let client: LinkClient<Role>
    private let pool: LinkPool<Role>

    init(client: LinkClient<Role>, pool: LinkPool<Role>) { (self.client, self.pool) = (client, pool) }

    var coreRevision: String { client.coreRevision }
    var isWritable: Bool { client.connection.isWritable }

    func authorize(_ token: SessionToken) {
        guard let request = Role.authorization(token) else { preconditionFailure("\(Role.name) has no accounts") }
        client.connection.send(request)
    }

    func send(_ request: SubmitRequest) { client.connection.send(Role.request(request)) }
    func flush() { client.connection.flush() }

    func listen(message: @escaping (SubmitResponse) -> Void, closed: @escaping () -> Void, writable: @escaping () -> Void) {
        client.connection.onMessage = message
        client.connection.onClosed = { _ in closed() }
        client.connection.onWritable = writable
    }

    func release() { pool.release(client) }
    func discard() { pool.discard(client) }
}
