import CoreLink
import Directory
import DurableStorage
import Logging
import MailVocabulary
import MessageQueue
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology

/// `postern-core`: holds the mail, and has no network.
///
/// Owns the state directory and the sockets of all roles. Trusts what comes in on a socket as far as the role of that socket goes.
/// Bounded by the connections that each socket admits. Logs each message that it takes, each recipient that it refuses, and each outcome.
public enum CoreService {
    /// Runs until it is asked to end.
    public static func run(_ daemon: Daemon) async -> ExitStatus {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let running: NIOLoopBound<RunningCore>
        do {
            running = try await eventLoop.submit { NIOLoopBound(try RunningCore(daemon, on: eventLoop), eventLoop: eventLoop) }.get()
            daemon.lifecycle.holdsDirectories()
            try await eventLoop.flatSubmit { running.value.start() }.get()
        } catch SchemaError.newerThanProgram(let path, let found, let supported) {
            daemon.fail("\(SchemaError.newerThanProgram(path: path, found: found, supported: supported))", .configuration)
        } catch DirectoryError.schema(.newerThanProgram(let path, let found, let supported)) {
            daemon.fail("\(SchemaError.newerThanProgram(path: path, found: found, supported: supported))", .configuration)
        } catch let error as InheritedSocketError {
            daemon.fail("\(error)", .configuration)
        } catch let error as RunningCore.SocketsMissing {
            daemon.fail("\(error)", .configuration)
        } catch let error as SocketAccess.OpenControlSocket {
            daemon.fail("\(error)", .configuration)
        } catch let error as MissingState {
            daemon.fail("\(error)", .configuration)
        } catch let error where DamagedDatabase.isCause(of: error) {
            daemon.fail("the core cannot start: \(error)", .inputOutput)
        } catch {
            daemon.fail("the core cannot start: \(SystemReason.text(of: error))")
        }
        daemon.lifecycle.onReload {
            _ = try? await eventLoop.flatSubmit { running.value.reload() }.get()  // What went wrong has been logged.
        }
        // The loop asks the thread that writes: both must answer.
        daemon.lifecycle.watch("the event loop or the queue's writer") { answer in
            eventLoop.execute { running.value.askWriter(answer) }
        }
        daemon.accepts(daemon.topology)
        daemon.lifecycle.ready(status: "holds the queue")
        return await daemon.lifecycle.run {
            try? await eventLoop.flatSubmit { running.value.drain() }.get()  // The drain itself does not fail.
        }
    }
}
