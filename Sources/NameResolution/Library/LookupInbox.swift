import Glibc
import NIOCore
import Synchronization

/// The way from any thread to the resolver thread: a bounded list and a socket pair that wakes it.
final class LookupInbox: Sendable {
    /// What the resolver thread takes out in one go.
    struct Content {
        var requests: [LookupRequest] = []
        var isClosing = false
        /// No more requests come; it ends when the last of those under way is answered.
        var isRetired = false
    }

    private struct State {
        var content = Content()
        /// Requests accepted and not yet finished, those that libunbound still works on after their deadline included.
        var outstanding = 0
        var hasEnded = false
        var closePromises: [EventLoopPromise<Void>] = []
    }

    /// The end that the resolver thread polls, non-blocking.
    let wakeReader: Int32
    private let wakeWriter: Int32
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) throws(ResolverError) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .system(call: "socketpair", errno: errno) }
        (wakeReader, wakeWriter, self.limit) = (ends[0], ends[1], limit)
    }

    deinit {
        _ = Glibc.close(wakeReader)
        _ = Glibc.close(wakeWriter)
    }

    /// Hands the request over; one that cannot be taken is answered here.
    ///
    /// - Returns: false where this inbox is retired, and another one takes the request.
    func submit(_ request: LookupRequest) -> Bool {
        var isRetired = false
        let refusal: LookupFailure? = state.withLock { state in
            if state.content.isRetired {
                isRetired = true
                return nil
            }
            if state.hasEnded || state.content.isClosing { return .shutDown }
            if state.outstanding >= limit { return .tooManyLookups(limit: limit) }
            state.outstanding += 1
            state.content.requests.append(request)
            // One octet wakes it for as many requests as come until it looks.
            if state.content.requests.count == 1 { wake() }
            return nil
        }
        if let refusal { request.promise.succeed(LookupResult(.failure(refusal))) }
        return !isRetired
    }

    /// Lets the resolver thread end once all that is under way is answered, which the deadlines of lookups bound. Another inbox must be in
    /// its place already.
    func retire() {
        state.withLock { state in
            state.content.isRetired = true
            wake()
        }
    }

    /// Whether nothing of libunbound is left.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    /// Asks the resolver thread to end; the promise is kept once nothing of libunbound is left.
    func close(promise: EventLoopPromise<Void>?) {
        let hasEnded = state.withLock { state in
            if state.hasEnded { return true }
            if let promise { state.closePromises.append(promise) }
            if !state.content.isClosing {
                state.content.isClosing = true
                wake()
            }
            return false
        }
        if hasEnded { promise?.succeed(()) }
    }

    // The rest is for the resolver thread.

    func take() -> Content {
        var octets = [UInt8](repeating: 0, count: 64)
        while read(wakeReader, &octets, octets.count) > 0 {}
        return state.withLock { state in
            let content = state.content
            state.content.requests = []
            return content
        }
    }

    /// Makes room for as many more requests.
    func finished(_ count: Int) {
        state.withLock { $0.outstanding -= count }
    }

    func ended() {
        let promises = state.withLock { state in
            state.hasEnded = true
            defer { state.closePromises = [] }
            return state.closePromises
        }
        for promise in promises { promise.succeed(()) }
    }

    private func wake() {
        var octet: UInt8 = 1
        // A full socket is a wake-up too.
        _ = write(wakeWriter, &octet, 1)
    }
}
