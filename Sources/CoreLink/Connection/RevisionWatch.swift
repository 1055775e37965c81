import NIOCore

/// A process's standing connection to the core: its greeting tells with which configuration the core runs, and the core closes it when that
/// changes, or when it ends. Besides, a role may have something to say over it that holds for as long as the connection, and hear of changes.
/// Confined to its event loop.
public final class RevisionWatch<Role: LinkRole> {
    private let address: LinkAddress
    private let holder: UInt64
    private let eventLoop: any EventLoop
    private var revision: String
    private var client: LinkClient<Role>?
    private var isConnecting = false
    private var isStopped = false
    private var hasFailed = false
    private var delay = RevisionWatch.shortest
    /// What the last greeting said.
    public private(set) var coreRevision: String?
    /// Called once for each greeting that names another revision than this process has.
    public var onRevisionDiffers: (String) -> Void = { _ in }
    /// Called when the core can no longer be reached, with why, and with nil when it can be again.
    public var onChange: (LinkError?) -> Void = { _ in }

    /// Called when the core lets us in again after a connection has ended: it was started again, or told to reload, also where nothing in
    /// the file has changed.
    public var onReturn: () -> Void = {}
    private var hasBeenIn = false
    /// What is said over each connection as it begins.
    public var standingRequests: () -> [Role.Request] = { [] }
    /// Called with what the core says over the connection.
    public var onMessage: (Role.Response) -> Void = { _ in }

    private static var shortest: Duration { .milliseconds(20) }
    private static var longest: Duration { .seconds(1) }

    public init(to address: LinkAddress, holder: UInt64, revision: String, on eventLoop: any EventLoop) {
        (self.address, self.holder, self.revision, self.eventLoop) = (address, holder, revision, eventLoop)
    }

    public func start() { connect() }

    public func stop() {
        isStopped = true
        client?.connection.onClosed = { _ in }
        client?.connection.close()
        client = nil
    }

    /// This process has another configuration now, and says so to the core.
    public func adopt(_ revision: String) {
        self.revision = revision
        guard let client else { return }
        client.connection.onClosed = { _ in }
        client.connection.close()
        self.client = nil
        connect()
    }

    /// What is to be said over the connection has changed. Where none stands, the next one begins with it.
    public func sayAgain() {
        guard let client else { return }
        for request in standingRequests() { client.connection.send(request) }
        client.connection.flush()
    }

    /// Says one thing over the connection.
    ///
    /// - Returns: false where none stands; the next one begins with what is to be said then.
    public func say(_ request: Role.Request) -> Bool {
        guard let client else { return false }
        client.connection.send(request)
        client.connection.flush()
        return true
    }

    private func connect() {
        guard !isStopped, !isConnecting, client == nil else { return }
        isConnecting = true
        let asked = revision
        LinkClient<Role>.connect(to: address, holder: holder, revision: revision, on: eventLoop) { [weak self] result in
            guard let self else { return }
            isConnecting = false
            switch result {
            case .failure(let error):
                // For a moment that is ordinary: the core restarts, or starts after this process.
                if !hasFailed, delay >= Self.longest {
                    hasFailed = true
                    onChange(error)
                }
                retry()
            case .success(let client):
                guard !isStopped else { return client.connection.close() }
                if hasFailed { onChange(nil) }
                hasFailed = false
                delay = Self.shortest
                self.client = client
                client.connection.onMessage = { [weak self] in self?.onMessage($0) }
                client.connection.onClosed = { [weak self] _ in
                    self?.client = nil
                    self?.retry()
                }
                coreRevision = client.coreRevision
                if asked != revision { return adopt(revision) }
                // What is said then is how it is after that.
                if hasBeenIn { onReturn() }
                hasBeenIn = true
                sayAgain()
                if client.coreRevision != revision { onRevisionDiffers(client.coreRevision) }
            }
        }
    }

    private func retry() {
        guard !isStopped else { return }
        eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) { [weak self] in self?.connect() }
        delay = min(delay * 2, Self.longest)
    }
}
