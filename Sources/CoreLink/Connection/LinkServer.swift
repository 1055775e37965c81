import NIOCore
import NIOPosix
import TrustedFiles

#if canImport(Glibc)
    import Glibc
#endif

/// The core's end of a role's socket: listens, checks who connects, and hands over connections that said a proper hello.
///
/// Confined to one event loop.
public final class LinkServer<Role: LinkRole & SendableMetatype> {
    public typealias Connection = LinkChannel<Role.Request, Role.Response>

    /// A peer that was let in.
    public struct Peer: Sendable {
        public let holder: UInt64
        public let revision: String
        public let processID: Int32
        public let userID: UInt32
    }

    /// Who may use the socket, and what its file looks like.
    public struct Access: Sendable {
        /// Accounts whose processes are let in (SO_PEERCRED); nil leaves it to the mode of the socket's file.
        public var userIDs: Set<UInt32>?
        public var owner: (user: UInt32, group: UInt32)?
        public var mode: UInt32
        public var maximumConnections: Int

        public init(
            userIDs: Set<UInt32>?, owner: (user: UInt32, group: UInt32)? = nil, mode: UInt32 = 0o600, maximumConnections: Int = 4096
        ) {
            (self.userIDs, self.owner, self.mode, self.maximumConnections) = (userIDs, owner, mode, maximumConnections)
        }
    }

    private let eventLoop: any EventLoop
    private let access: Access
    private let accept: (Connection, Peer) -> Void
    private let log: (String) -> Void
    private var listener: (any Channel)?
    private var connections: [ObjectIdentifier: Connection] = [:]
    /// Said once, not for each peer that is turned away.
    private var isFull = false
    /// How long a peer may take to say hello.
    var helloDeadline = LinkClient<Role>.greetingDeadline
    /// The configuration's revision that new greetings carry.
    public var revision: String
    /// What a ``ConfigurationQuestion`` is answered with; nil where this socket answers none.
    public var configuration: ConfigurationAnswer?

    /// - Parameters:
    ///   - log: told why a peer was not let in or broke off.
    ///   - accept: called for each peer that was let in; sets the connection's callbacks.
    public init(
        access: Access, revision: String, on eventLoop: any EventLoop, log: @escaping (String) -> Void,
        accept: @escaping (Connection, Peer) -> Void
    ) {
        (self.access, self.revision, self.eventLoop, self.log, self.accept) = (access, revision, eventLoop, log, accept)
    }

    /// Makes the socket's file and listens. A stale file of an earlier process is removed; the caller holds the lock that says
    /// that no other core runs.
    public func listen(path: String) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let slash = path.lastIndex(of: "/")
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        let folder: TrustedFolder
        do throws(TrustedFileError) {
            // As root in a folder that may be another account's: from here on by its descriptor.
            folder = try TrustedFolder.open(slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
            try folder.removeSocket(name)
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        return bootstrap { channel in
            // Before the file is there: it has at most this mode from its first moment on, whatever the umask. unix(7)
            let mode = bound.value.access.mode
            _ = try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { fchmod($0, mode) }
        }
        .bind(unixDomainSocketPath: folder.path(of: name))
        .flatMapThrowing { channel in
            let server = bound.value
            do throws(TrustedFileError) {
                let owner = server.access.owner.map { FileOwner(user: $0.user, group: $0.group) }
                try folder.giveSocket(name, to: owner, mode: server.access.mode)
            } catch {
                channel.close(promise: nil)
                throw error
            }
            server.listener = channel
        }
    }

    /// Listens on a socket that somebody else has made and keeps open. Its file is theirs as well; whoever connects is looked at as ever.
    ///
    /// - Parameter descriptor: of a Unix stream socket that listens; this server's from now on.
    public func listen(inherited descriptor: Int32) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        return bootstrap { _ in }.withBoundSocket(descriptor).flatMapThrowing { channel in
            // NIO has cut the queue to its own length; whoever made the socket does not lengthen it again.
            guard Glibc.listen(descriptor, linkBacklog) == 0 else { throw IOError(errnoCode: errno, reason: "listen") }
            bound.value.listener = channel
        }
    }

    private func bootstrap(preparing prepare: @escaping @Sendable (any Channel) throws -> Void) -> ServerBootstrap {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        return ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: linkBacklog)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let log = bound.value.log
                    try channel.pipeline.syncOperations.addHandler(AcceptPause { log("\(Role.name): \($0)") }, position: .first)
                    try prepare(channel)
                }
            }
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.incoming(channel) }
            }
    }

    public func stopListening() { listener?.close(promise: nil) }

    public var openConnections: [Connection] { Array(connections.values) }

    private func incoming(_ channel: any Channel) throws {
        guard connections.count < access.maximumConnections else {
            if !isFull { log("\(Role.name): \(access.maximumConnections) connections, others are turned away") }
            isFull = true
            throw LinkError.exhausted
        }
        isFull = false
        let connection = Connection(eventLoop: eventLoop) { (_, _) throws(LinkError) in }
        connection.waitsForReader = true
        let deadline = eventLoop.assumeIsolated().scheduleTask(in: helloDeadline) { connection.fail(.timedOut) }
        let key = ObjectIdentifier(connection)
        connection.onClosed = { [weak self] error in
            deadline.cancel()
            self?.connections[key] = nil
            self?.log("\(Role.name): connection ended before its greeting: \(error)")
        }
        connection.setNegotiation { [weak self, unowned connection] (kind, body) throws(LinkError) in
            guard let self else { throw .closed }
            // The deadline holds for whoever reads the answer, too: the peer closes the connection behind it.
            if kind == ConfigurationQuestion.kind { return try answer(body, on: connection, of: channel) }
            deadline.cancel()
            let hello: Hello
            do throws(WireError) { hello = try Hello.read(kind: kind, body: body) } catch { throw .malformed(error) }
            let credentials = try PeerCredentials.of(channel)
            if let refusal = refusal(ofVersion: hello.version, role: hello.role, credentials) { throw refuse(connection, refusal) }
            connection.onClosed = { [weak self] _ in self?.connections[key] = nil }
            let peer = Peer(holder: hello.holder, revision: hello.revision, processID: credentials.processID, userID: credentials.userID)
            connection.sendFirst(Greeting(revision: revision))
            // Gone before it was greeted: nobody would hear of its end.
            guard connection.isOpen else { return }
            accept(connection, peer)
            guard connection.isOpen else {
                connections[key] = nil
                return
            }
            let inner = connection.onClosed
            connection.onClosed = { [weak self] error in
                self?.connections[key] = nil
                inner(error)
            }
        }
        connections[key] = connection
        try channel.pipeline.syncOperations.addHandler(connection)
    }

    /// Why a peer is not let in, whatever it wants; nil where it is.
    private func refusal(ofVersion version: UInt16, role: UInt8, _ credentials: PeerCredentials) -> LinkError? {
        if version != Hello.protocolVersion { return .versionMismatch(own: Hello.protocolVersion, peer: version) }
        if role != Role.name.rawValue { return .refused("this socket is for the role \(Role.name)") }
        guard let allowed = access.userIDs, !allowed.contains(credentials.userID) else { return nil }
        return .refused("account \(credentials.userID) may not use this socket")
    }

    /// Tells a peer the configuration that this process runs with.
    private func answer(_ body: ByteBuffer, on connection: Connection, of channel: any Channel) throws(LinkError) {
        let question: ConfigurationQuestion
        do throws(WireError) {
            question = try ConfigurationQuestion.read(kind: ConfigurationQuestion.kind, body: body)
        } catch {
            throw .malformed(error)
        }
        let problem = refusal(ofVersion: question.version, role: question.role, try PeerCredentials.of(channel))
        guard problem == nil, let configuration else {
            let problem = problem ?? .refused("this socket tells no configuration")
            connection.sendFirst(ConfigurationHead(octets: 0, refusal: "\(problem)"))
            throw problem
        }
        let key = ObjectIdentifier(connection)
        connection.onClosed = { [weak self] _ in self?.connections[key] = nil }
        connection.sendEncoded(configuration.encoded)
    }

    private func refuse(_ connection: Connection, _ error: LinkError) -> LinkError {
        connection.sendFirst(Greeting(revision: revision, refusal: "\(error)"))
        return error
    }
}

/// Connections that wait to be accepted.
private let linkBacklog: Int32 = 1024
