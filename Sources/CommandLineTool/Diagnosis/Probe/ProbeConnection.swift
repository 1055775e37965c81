import MailVocabulary
import NIOCore
import NIOPosix
import SMTPProtocol
import ServiceRuntime
import TransportSecurity

#if canImport(Glibc)
    import Glibc
#endif

/// A connection that one stage after the other is tried on. Every function ends within the time it is given.
struct ProbeConnection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<ProbeHandler>

    /// - Parameter source: the address to connect from; nil: as the system has it.
    static func open(
        to address: IPAddress, port: Int, from source: IPAddress?, within duration: Duration, on eventLoop: any EventLoop
    ) async throws(ProbeFailure) -> ProbeConnection {
        do {
            let target = try SocketAddress(ipAddress: "\(address)", port: port)
            var bootstrap = ClientBootstrap(group: eventLoop).connectTimeout(TimeAmount(duration))
            if let source { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: "\(source)", port: 0)) }
            let made = NIOLoopBoundBox.makeEmptyBox(valueType: ProbeHandler.self, eventLoop: eventLoop)
            let channel = try await bootstrap.channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ProbeHandler(eventLoop: channel.eventLoop)
                    made.value = handler
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }.connect(to: target).get()
            return try await eventLoop.submit {
                guard let handler = made.value else { throw ProbeFailure.closed }
                return ProbeConnection(channel: channel, handler: NIOLoopBound(handler, eventLoop: eventLoop))
            }.get()
        } catch let failure as ProbeFailure { throw failure } catch ChannelError.connectTimeout {
            throw .silent(after: duration)
        } catch let error as IOError where error.errnoCode == ECONNREFUSED {
            throw .refused
        } catch let error as IOError {
            throw .unreachable(SystemReason.text(ofErrorNumber: error.errnoCode))
        } catch { throw .unreachable("\(error)") }
    }

    /// Says a command and takes the reply; without one, takes what the server says by itself.
    func reply(to command: String? = nil, within duration: Duration) async throws(ProbeFailure) -> RemoteReply {
        let event = try await Self.outcome(
            of: channel.eventLoop.flatSubmit { [handler] in
                if let command { handler.value.send(command) }
                return handler.value.next(within: duration)
            })
        guard case .reply(let reply) = event else { throw .malformed("(TLS where a reply was due)") }
        return reply
    }

    /// The handshake, behind the reply to STARTTLS.
    func secure(
        _ context: TransportSecurity.ClientContext, peer: PeerReference, within duration: Duration
    ) async throws(ProbeFailure) -> TLSHandshake {
        let event = try await Self.outcome(
            of: channel.eventLoop.flatSubmit { [handler, eventLoop = channel.eventLoop] in
                do {
                    // The wait has the deadline; the handler's own lies behind it.
                    try handler.value.startTLS(
                        TLSHandler(client: context, peer: peer, handshakeTimeout: TimeAmount(duration + .seconds(1))))
                } catch let failure as ProbeFailure { return eventLoop.makeFailedFuture(failure) } catch {
                    return eventLoop.makeFailedFuture(ProbeFailure.tls("\(error)"))
                }
                return handler.value.next(within: duration)
            })
        guard case .secured(let handshake) = event else { throw .malformed("(a reply in place of TLS)") }
        return handshake
    }

    func close() { channel.close(promise: nil) }

    private static func outcome(of future: EventLoopFuture<ProbeHandler.Event>) async throws(ProbeFailure) -> ProbeHandler.Event {
        do { return try await future.get() } catch let failure as ProbeFailure { throw failure } catch { throw .closed }
    }
}
