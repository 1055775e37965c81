import CoreLink
import NIOCore
import NIOPosix
import ServiceRuntime

/// `postern-auth`: finds out who somebody is.
///
/// Trusts the front end for the client's address and for whether TLS is there, and nothing else of it; asks the core for one account's
/// verifier at a time. It sees no mail, and listens on no network. Bounded by its pools of threads, and by the exchanges that the core admits.
public enum AuthService {
    /// Runs until it is asked to end.
    public static func run(_ daemon: Daemon) async -> ExitStatus {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let running: NIOLoopBound<RunningAuth>
        do {
            running = try await eventLoop.submit {
                NIOLoopBound(try RunningAuth(daemon, on: eventLoop), eventLoop: eventLoop)
            }.get()
            try await eventLoop.flatSubmit { running.value.listen() }.get()
        } catch let error as InheritedSocketError {
            daemon.fail("\(error)", .configuration)
        } catch {
            daemon.fail("postern-auth cannot start: \(SystemReason.text(of: error))")
        }
        // The socket has been given to its account by now, and the keytab is open to the one that this process becomes.
        daemon.dropPrivileges()
        daemon.lifecycle.watch(eventLoop)
        eventLoop.execute { running.value.start { daemon.lifecycle.ready(status: "people can log in") } }
        daemon.lifecycle.onReload {
            // Not on the loop: a large file takes its time, and people log in meanwhile.
            let read = daemon.readConfiguration()
            try? await eventLoop.submit { running.value.reload(read) }.get()  // What went wrong has been logged.
        }
        return await daemon.lifecycle.run {
            try? await eventLoop.flatSubmit { running.value.drain() }.get()  // The drain itself does not fail.
        }
    }
}
