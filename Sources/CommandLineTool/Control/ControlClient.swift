import ArgumentParser
import CoreLink
import MailVocabulary
import NIOCore
import NIOPosix
import ServiceRuntime
import Topology
import TopologyFile

#if canImport(Glibc)
    import Glibc
#endif

/// Talks to the running core over its control socket.
struct ControlClient {
    private let address: LinkAddress
    let controlGroup: String?
    let revision: String
    /// Completes bare names; nil where the file has errors.
    let defaultDomain: DomainName?
    /// The key file of recoverable passwords; nil where the configuration has none.
    let recoverableSecretsKey: String?

    /// Finds the socket by the configuration.
    ///
    /// A bad file on disk keeps nobody from the running system, which has another one: where it still says which `runtime_directory`
    /// is meant, its errors are said, and the command goes on.
    ///
    /// - Parameter saysFindings: false where the core itself will say what is wrong with the file.
    init(_ file: ConfigurationOption, saysFindings: Bool = true) throws {
        switch TopologyFile.load(path: file.path) {
        case .loaded(let topology, _):
            (address, controlGroup) = (LinkAddress(of: .control, in: topology), topology.controlGroup)
            revision = topology.revision
            (defaultDomain, recoverableSecretsKey) = (topology.defaultDomain, topology.identity.recoverableSecretsKey)
        case .failed(let findings):
            guard let directory = TopologyFile.whereabouts(path: file.path)?.runtimeDirectory else {
                for finding in findings { Environment.printError("\(finding)") }
                throw ExitCode(ExitStatus.configuration.rawValue)
            }
            address = LinkAddress(path: RoleName.control.path(in: directory))
            (controlGroup, revision) = (nil, "")
            (defaultDomain, recoverableSecretsKey) = (nil, nil)
            guard saysFindings else { return }
            for finding in findings { Environment.printError("\(finding)") }
            Environment.printError("postern: note: the file on disk has errors; asking the core that runs in \(directory) all the same")
        }
    }

    private var path: String { address.path }

    /// Whether a core runs that takes requests from this account.
    func isAnswered() async -> Bool {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let (address, revision) = (address, revision)
        let done = eventLoop.makePromise(of: Bool.self)
        eventLoop.execute {
            LinkClient<ControlLink>.connect(to: address, holder: 0, revision: revision, on: eventLoop) { result in
                if case .success(let client) = result {
                    client.connection.close()
                    done.succeed(true)
                } else {
                    done.succeed(false)
                }
            }
        }
        // It does not fail.
        return (try? await done.futureResult.get()) ?? false
    }

    /// Sends one request and gives each object to `receive` as it comes.
    ///
    /// Ends the command where the core cannot be reached or refuses, with a sentence and the exit status that says so.
    func run(_ request: ControlRequest, receive: @escaping @Sendable (String) -> Void) async throws {
        try refuseIfTooLong(request)
        let group = MultiThreadedEventLoopGroup.singleton
        let eventLoop = group.next()
        let (address, revision) = (address, revision)
        let done = eventLoop.makePromise(of: ControlResponse.self)
        eventLoop.execute {
            LinkClient<ControlLink>.connect(to: address, holder: 0, revision: revision, on: eventLoop) { result in
                switch result {
                case .failure(let error): done.fail(Failure(error: error, wasSent: false))
                case .success(let client):
                    client.connection.onMessage = { response in
                        if case .object(let text) = response { return receive(text) }
                        // The client is held until its answer is complete.
                        client.connection.onClosed = { _ in }
                        client.connection.close()
                        done.succeed(response)
                    }
                    client.connection.onClosed = { done.fail(Failure(error: $0, wasSent: true)) }
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
        } catch let failure as Failure {
            let (sentence, status) = explanation(of: failure, request)
            Environment.printError("postern: \(sentence)")
            throw ExitCode(status.rawValue)
        }
    }

    private struct Failure: Error {
        let error: LinkError
        /// The core may have done what it was asked for.
        let wasSent: Bool
    }

    private func explanation(of failure: Failure, _ request: ControlRequest) -> (String, ExitStatus) {
        switch failure.error {
        case .unreachable where !failure.wasSent && access(path, W_OK) != 0 && errno == EACCES, .refused:
            let group = controlGroup.map { " (\($0))" } ?? ", which is not set"
            return (
                "this account may not use \(path): root, the account of the core, and the group of control_group\(group) may",
                .notPermitted
            )
        case .impostor: return ("\(path): \(failure.error)", .temporaryFailure)
        case .unreachable(let reason) where !failure.wasSent:
            return ("the core does not answer at \(path): is postern running? (\(reason))", .temporaryFailure)
        default:
            let doubt = failure.wasSent && request.command.changes ? "; the change may or may not have been made" : ""
            let what = failure.error == .closed ? "the core closed the connection at \(path)" : "\(path): \(failure.error)"
            return (what + doubt, .temporaryFailure)
        }
    }

    /// The core would take a longer frame for nonsense.
    private func refuseIfTooLong(_ request: ControlRequest) throws {
        var frame = ByteBuffer()
        request.write(into: &frame)
        guard frame.readableBytes > Frame.maximumLength else { return }
        Environment.printError(
            "postern: the request is \(frame.readableBytes) octets long, and at most \(Frame.maximumLength) can be sent at once: name "
                + "fewer addresses at a time")
        throw ExitCode(ExitStatus.dataError.rawValue)
    }

    /// The objects of the answer as they come, for tables of any length.
    func rows(_ request: ControlRequest) -> AsyncThrowingStream<Row, any Error> {
        AsyncThrowingStream { continuation in
            Task {
                do {
                    try await run(request) { line in
                        do { continuation.yield(try Row(line)) } catch { continuation.finish(throwing: error) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
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

extension ControlRequest.Command {
    /// Whether it leaves something changed.
    fileprivate var changes: Bool {
        switch self {
        case .status, .metrics, .configuration, .queueList, .queueShow, .userList, .credentialList, .aliasList, .groupList,
            .credentialOwner,
            .userExport, .explainRefusal, .explainMessage:
            false
        case .reload, .queueRelease, .queueDelete, .userAdd, .userRemove, .userPassword, .credentialAdd, .credentialRemove, .aliasAdd,
            .aliasRemove, .aliasTargetAdd,
            .aliasTargetRemove, .groupAdd, .groupRemove, .groupMemberAdd, .groupMemberRemove:
            true
        }
    }
}
