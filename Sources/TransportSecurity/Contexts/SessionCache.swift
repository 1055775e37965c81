import COpenSSL
import MailVocabulary
import Synchronization

/// A session that a server lets us take up again.
///
/// Unchecked: OpenSSL does not change a session that was given out, and counts its references itself.
final class RememberedSession: @unchecked Sendable {
    let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) { self.pointer = pointer }
    deinit { SSL_SESSION_free(pointer) }

    func isUsable(at now: Timestamp) -> Bool {
        SSL_SESSION_is_resumable(pointer) == 1
            && now.seconds < Int64(SSL_SESSION_get_time(pointer)) + Int64(SSL_SESSION_get_timeout(pointer))
    }
}

/// The last session of each server. Where there is no more room, the one that was used longest ago goes.
final class SessionCache: Sendable {
    private struct Entry {
        var session: RememberedSession
        var lastUse: UInt64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var uses: UInt64 = 0
    }

    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var count: Int { state.withLock { $0.entries.count } }

    func remember(_ session: RememberedSession, for key: String) {
        guard limit > 0 else { return }
        state.withLock { state in
            state.uses += 1
            state.entries[key] = Entry(session: session, lastUse: state.uses)
            guard state.entries.count > limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
            state.entries[oldest.key] = nil
        }
    }

    func session(for key: String, now: Timestamp) -> RememberedSession? {
        state.withLock { state in
            guard let entry = state.entries[key] else { return nil }
            guard entry.session.isUsable(at: now) else {
                state.entries[key] = nil
                return nil
            }
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return entry.session
        }
    }

    /// A server that did not like it will not like it the next time.
    func forget(_ key: String) { state.withLock { $0.entries[key] = nil } }
}
