import Foundation
import Synchronization

/// A program that runs beside the test, by `posix_spawn` itself: with the signals of a fresh shell, whatever the test's threads have
/// blocked.
final class ChildProcess: Sendable {
    let processIdentifier: pid_t
    private let ending = Mutex(Ending())

    private struct Ending {
        var status: Int32?
        var waiting: [CheckedContinuation<Int32, Never>] = []
    }

    struct CannotStart: Error, CustomStringConvertible {
        let program: String
        let errorNumber: Int32
        var description: String { "\(program): \(String(cString: strerror(errorNumber)))" }
    }

    /// - Parameters:
    ///   - input: a file to read from.
    ///   - output: a file that standard output is appended to; nil: nowhere.
    ///   - errors: the same for standard error.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null",
        output: String? = nil, errors: String? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        let result = posix_spawn(&identifier, program, &actions, &attributes, words, variables)
        guard result == 0 else { throw CannotStart(program: program, errorNumber: result) }
        processIdentifier = identifier
        Thread.detachNewThread { [self, identifier] in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
            // As a shell says it: the exit status, or 128 and the signal.
            let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
            let waiting = ending.withLock { ending in
                ending.status = code
                defer { ending.waiting = [] }
                return ending.waiting
            }
            for continuation in waiting { continuation.resume(returning: code) }
        }
    }

    var isRunning: Bool { ending.withLock { $0.status == nil } }

    func signal(_ number: Int32) {
        // Under the lock: a process that has been waited for is not signalled any more.
        ending.withLock { if $0.status == nil { kill(processIdentifier, number) } }
    }

    /// The exit status, or 128 and the signal.
    func ended() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status = ending.withLock { ending in
                if ending.status == nil { ending.waiting.append(continuation) }
                return ending.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }
}
