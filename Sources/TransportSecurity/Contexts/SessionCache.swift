import COpenSSL
import MailVocabulary
import Synchronization

/// A session that a server lets us take up again, as octets: OpenSSL marks a session as used up when it is resumed, and passes the mark
/// on to those that follow from it. Each use makes a new one.
struct RememberedSession: Sendable {
    private let octets: [UInt8]
    private let end: Timestamp

    /// Nil where it cannot be written.
    init?(_ session: OpaquePointer) {
        let count = i2d_SSL_SESSION(session, nil)
        guard count > 0 else { return nil }
        var octets = [UInt8](repeating: 0, count: Int(count))
        let written = octets.withUnsafeMutableBufferPointer { buffer in
            var position = buffer.baseAddress
            return i2d_SSL_SESSION(session, &position)
        }
        guard written == count else { return nil }
        self.octets = octets
        end = Timestamp(seconds: Int64(SSL_SESSION_get_time(session)) + Int64(SSL_SESSION_get_timeout(session)))
    }

    func isUsable(at now: Timestamp) -> Bool { now < end }

    /// Makes the client's hello offer it. Where it cannot be used, a full handshake takes place.
    func offer(on ssl: OpaquePointer) {
        let session = octets.withUnsafeBufferPointer { buffer in
            var position = buffer.baseAddress
            return d2i_SSL_SESSION(nil, &position, buffer.count)
        }
        guard let session else { return ErrorQueue.clear() }
        SSL_set_session(ssl, session)
        SSL_SESSION_free(session)
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
