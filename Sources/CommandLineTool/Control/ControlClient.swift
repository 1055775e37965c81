import ArgumentParser
import CoreLink
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology

/// Talks to the running core over its control socket.
struct ControlClient {
    let topology: Topology

    /// Sends one request and gives each object to `receive` as it comes.
    ///
    /// Ends the command where the core cannot be reached or refuses, with a sentence and the exit status that says so.
    func run(_ request: ControlRequest, receive: @escaping @Sendable (String) -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let eventLoop = group.next()
        let path = "\(topology.runtimeDirectory)/\(RoleName.control.socketName)"
        let revision = topology.revision
        let done = eventLoop.makePromise(of: ControlResponse.self)
        eventLoop.execute {
            LinkClient<ControlLink>.connect(path: path, holder: 0, revision: revision, on: eventLoop) { result in
                switch result {
                case .failure(let error): done.fail(error)
                case .success(let client):
                    client.connection.onMessage = { response in
                        if case .object(let text) = response { return receive(text) }
                        // The client is held until its answer is complete.
                        client.connection.onClosed = { _ in }
                        client.connection.close()
                        done.succeed(response)
                    }
                    client.connection.onClosed = { done.fail($0) }
                    client.connection.send(request)
                    client.connection.flush()
                }
            }
        }
        do {
            if case .refused(let reason, let exitCode) = try await done.futureResult.get() {
                Environment.printError("postern: \(reason)")
                throw ExitCode(Int32(exitCode))
            }
        } catch let error as LinkError {
            switch error {
            case .unreachable: Environment.printError("postern: the core does not answer at \(path): is postern running? (\(error))")
            case .closed: Environment.printError("postern: the core closed the connection at \(path)")
            default: Environment.printError("postern: \(path): \(error)")
            }
            throw ExitCode(ExitStatus.temporaryFailure.rawValue)
        }
    }

    /// All objects of the answer.
    func objects(_ request: ControlRequest) async throws -> [String] {
        let collected = Collected()
        try await run(request) { collected.append($0) }
        return collected.all
    }

    /// Lines from the event loop to the command's task.
    private final class Collected: @unchecked Sendable {
        // Invariant: appended to on the event loop only, and read after the answer is complete.
        private var lines: [String] = []
        func append(_ line: String) { lines.append(line) }
        var all: [String] { lines }
    }
}
