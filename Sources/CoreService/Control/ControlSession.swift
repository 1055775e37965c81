import CoreLink
import Credentials
import Directory
import MailVocabulary
import MessageQueue
import NIOCore

/// The core's end of one connection of the command line: one request after another.
///
/// Confined to the core's event loop. What a person typed is validated here, and every refusal is a sentence for that person.
final class ControlSession {
    typealias Connection = LinkChannel<ControlRequest, ControlResponse>

    let core: Core
    let connection: Connection
    private let mayReadVerifiers: Bool
    /// Who asks, for the log.
    let account: String
    private var isBusy = false
    var isGone = false

    /// - Parameter mayReadVerifiers: the peer is root or the core's own account.
    init(core: Core, connection: Connection, mayReadVerifiers: Bool, account: String) {
        (self.core, self.connection, self.mayReadVerifiers, self.account) = (core, connection, mayReadVerifiers, account)
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] _ in isGone = true }
    }

    private func received(_ request: ControlRequest) {
        guard !isBusy else { return connection.close() }
        isBusy = true
        switch request.command {
        case .status: status()
        case .metrics: metrics()
        case .reload: reload()
        case .configuration: configuration()
        case .queueList: listQueue(request.arguments)
        case .queueRelease: releaseHeld(request.arguments)
        case .queueDelete: deleteMail(request.arguments)
        case .queueShow: showMessage(request.arguments)
        case .explainRefusal: explainRefusal(request.arguments)
        case .explainMessage: explainMessage(request.arguments)
        default: changeDirectory(request)
        }
    }

    /// The keys of a new password are made on another thread: mail does not wait for them.
    private func changeDirectory(_ request: ControlRequest) {
        guard let password = DirectoryCommands.password(in: request) else { return changeDirectory(request, verifier: nil) }
        let iterations = core.topology.identity.iterations
        core.fileThreads.runIfActive(eventLoop: core.eventLoop) { () -> Result<SCRAMVerifier, DirectoryError> in
            do throws(DirectoryError) {
                return .success(try Directory.makeVerifier(password, iterations: iterations))
            } catch {
                return .failure(error)
            }
        }.assumeIsolated().whenComplete { [self] made in
            switch made {
            case .success(let verifier): changeDirectory(request, verifier: verifier)
            case .failure: refuse(.failed("the core is ending"))
            }
        }
    }

    private func changeDirectory(_ request: ControlRequest, verifier: Result<SCRAMVerifier, DirectoryError>?) {
        do {
            for object in try DirectoryCommands(core: core, mayReadVerifiers: mayReadVerifiers, verifier: verifier).run(request) {
                connection.send(.object(object.text))
            }
            done()
        } catch {
            refuse(ControlRefusal(error))
        }
    }

    func done() {
        isBusy = false
        connection.send(.done)
        connection.flush()
    }

    func refuse(_ refusal: ControlRefusal) {
        isBusy = false
        connection.send(.refused(refusal.boundedMessage, exitCode: refusal.exitCode))
        connection.flush()
    }

    /// The name of the file, then its text in pieces that fit into frames.
    private func configuration() {
        connection.send(.object(core.topology.source))
        var rest = core.topology.sourceText.unicodeScalars[...]
        while !rest.isEmpty {
            connection.send(.object(String(rest.prefix(Self.pieceScalars))))
            rest = rest.dropFirst(Self.pieceScalars)
        }
        done()
    }

    /// Of the configuration's text in a frame: at most 128 KiB.
    private static let pieceScalars = 32 * 1024

    private func reload() {
        core.reload().assumeIsolated().whenSuccess { [self] result in
            switch result {
            case .success(let reloaded):
                var object = JSONObject()
                object.add("revision", reloaded.revision)
                connection.send(.object(object.text))
                connection.flush()
                reloaded.undone.assumeIsolated().whenSuccess { [self] undone in
                    for one in undone { connection.send(.object(JSONObject(one).text)) }
                    done()
                }
            case .failure(let refusal): refuse(refusal)
            }
        }
    }
}

extension JSONObject {
    init(_ undone: Undone) {
        self.init()
        add("daemon", "postern-\(undone.daemon.rawValue)")
        add("reason", undone.sentence)
    }
}

/// Why a request of the command line is not done, and the exit status that says so (sysexits.h).
struct ControlRefusal: Error {
    let message: String
    let exitCode: UInt8

    init(message: String, exitCode: UInt8) { (self.message, self.exitCode) = (message, exitCode) }

    init(_ error: any Error) {
        switch error {
        case let refusal as ControlRefusal: self = refusal
        case let error as DirectoryError: self = error.isInternal ? .failed("\(error)") : .data("\(error)")
        default: self = .failed("\(error)")
        }
    }

    /// The message as it fits into a frame: a bad configuration may have thousands of errors.
    var boundedMessage: String {
        guard message.utf8.count > Self.maximumOctets else { return message }
        var lines: [Substring] = []
        var octets = 0
        let all = message.split(separator: "\n", omittingEmptySubsequences: false)
        for line in all {
            octets += line.utf8.count + 1
            guard octets <= Self.maximumOctets else { break }
            lines.append(line)
        }
        return (lines.map(String.init) + ["… and \(all.count - lines.count) more lines"]).joined(separator: "\n")
    }

    /// Well below `Frame.maximumLength`.
    private static let maximumOctets = 128 * 1024

    static func usage(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 64) }
    static func data(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 65) }
    static func absent(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 67) }
    static func failed(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 74) }
    static func notPermitted(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 77) }
    static func configuration(_ message: String) -> ControlRefusal { ControlRefusal(message: message, exitCode: 78) }
}
