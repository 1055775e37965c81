import CUnbound
import Glibc
import NIOCore
import Synchronization

/// Everything that calls libunbound after set-up, confined to the one thread that runs it.
///
/// One thread for questions, answers and the end means that no answer can come for a lookup that is just being entered
/// or that was let go, and that no event loop ever writes to libunbound's pipe, which blocks when it is full. libunbound
/// works in a thread of its own, which it starts at the first question; that thread never waits for this one.
final class LookupEngine {
    private final class Pending {
        unowned let engine: LookupEngine
        let number: UInt64
        /// Nil once answered: the deadline has passed, and libunbound has not let go yet.
        var promise: EventLoopPromise<LookupResult>?

        init(engine: LookupEngine, number: UInt64, promise: EventLoopPromise<LookupResult>) {
            (self.engine, self.number, self.promise) = (engine, number, promise)
        }
    }

    /// libunbound sets up process-wide state when a context starts its first lookup.
    private static let start = Mutex(())

    private let context: OpaquePointer
    private let inbox: LookupInbox
    private var pending: [UInt64: Pending] = [:]
    private var deadlines = DeadlineQueue<UInt64>()
    private var nextNumber: UInt64 = 0
    private var finished: [(promise: EventLoopPromise<LookupResult>?, answer: LookupResult)] = []
    private var hasStarted = false
    /// Why libunbound cannot be used any more.
    private var failure: LookupFailure?

    private init(context: UnboundContext, inbox: LookupInbox) {
        (self.context, self.inbox) = (context.pointer, inbox)
    }

    /// Starts the thread. It ends when the inbox is closed, having deleted the context.
    static func start(context: UnboundContext, inbox: LookupInbox) throws(ResolverError) {
        final class Argument {
            let context: UnboundContext
            let inbox: LookupInbox
            init(context: UnboundContext, inbox: LookupInbox) { (self.context, self.inbox) = (context, inbox) }
        }
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(Argument(context: context, inbox: inbox))
        let result = pthread_create(
            &thread, nil,
            { opaque in
                guard let opaque else { return nil }
                let argument = Unmanaged<Argument>.fromOpaque(opaque).takeRetainedValue()
                LookupEngine(context: argument.context, inbox: argument.inbox).run()
                return nil
            }, argument.toOpaque())
        guard result == 0 else {
            argument.release()
            ub_ctx_delete(context.pointer)
            throw .system(call: "pthread_create", errno: result)
        }
        pthread_detach(thread)
    }

    private func run() {
        // Signals are for the threads that handle them; libunbound's thread inherits this mask.
        var everySignal = sigset_t()
        sigfillset(&everySignal)
        pthread_sigmask(SIG_SETMASK, &everySignal, nil)
        while true {
            let content = inbox.take()
            for request in content.requests { submit(request) }
            if content.isClosing { break }
            process()
            expire()
            deliver()
            if content.isRetired, pending.values.allSatisfy({ $0.promise == nil }) { break }
            wait()
        }
        deliver()
        for lookup in pending.values { lookup.promise?.succeed(LookupResult(.failure(.shutDown))) }
        // Ends libunbound's thread without waiting for the network, and frees what it still works on without calling back.
        Self.start.withLock { _ in ub_ctx_delete(context) }
        pending = [:]
        inbox.ended()
    }

    private func submit(_ request: LookupRequest) {
        if let failure {
            finished.append((request.promise, LookupResult(.failure(failure))))
            return
        }
        let lookup = Pending(engine: self, number: nextNumber, promise: request.promise)
        nextNumber += 1
        // libunbound keeps the reference unretained; `pending` keeps the object until it calls back or is gone.
        pending[lookup.number] = lookup
        let result = hasStarted ? begin(lookup, request) : Self.start.withLock { _ in begin(lookup, request) }
        guard result == UB_NOERROR.rawValue else {
            return finish(lookup, LookupResult(.failure(.library(UnboundContext.message(result)))))
        }
        hasStarted = true
        deadlines.insert(lookup.number, at: request.deadline)
    }

    private func begin(_ lookup: Pending, _ request: LookupRequest) -> Int32 {
        ub_resolve_async(
            context, request.name, Int32(request.type.rawValue), 1, Unmanaged.passUnretained(lookup).toOpaque(),
            { opaque, error, result in
                defer { ub_resolve_free(result) }
                guard let opaque else { return }
                let lookup = Unmanaged<Pending>.fromOpaque(opaque).takeUnretainedValue()
                lookup.engine.finish(lookup, LookupResult(error: error, result: result))
            }, nil)
    }

    private func finish(_ lookup: Pending, _ answer: LookupResult) {
        finished.append((lookup.promise, answer))
        pending[lookup.number] = nil
    }

    /// Room first, answers second, so that whoever asks again at once finds the room.
    private func deliver() {
        guard !finished.isEmpty else { return }
        inbox.finished(finished.count)
        for (promise, answer) in finished { promise?.succeed(answer) }
        finished.removeAll(keepingCapacity: true)
    }

    private func process() {
        guard failure == nil else { return }
        let result = ub_process(context)
        guard result != UB_NOERROR.rawValue else { return }
        let reason = LookupFailure.library(UnboundContext.message(result))
        failure = reason
        for lookup in Array(pending.values) { finish(lookup, LookupResult(.failure(reason))) }
    }

    private func expire() {
        let now = NIODeadline.now()
        while let number = deadlines.popExpired(at: now) {
            // No ub_cancel: in a thread it only marks the lookup, and we would no longer learn when its memory is free.
            pending[number]?.promise?.succeed(LookupResult(.failure(.timeout)))
            pending[number]?.promise = nil
        }
        if deadlines.count > 2 * pending.count + 1_024 {
            deadlines.removeAll { pending[$0]?.promise == nil }
        }
    }

    private func wait() {
        var descriptors = [pollfd(fd: inbox.wakeReader, events: Int16(POLLIN), revents: 0)]
        if failure == nil { descriptors.append(pollfd(fd: ub_fd(context), events: Int16(POLLIN), revents: 0)) }
        var timeout: Int32 = -1
        if let earliest = deadlines.earliest {
            let nanoseconds = max(0, (earliest - NIODeadline.now()).nanoseconds)
            // Rounded up: a poll that ends just before the deadline would be repeated until it has passed.
            timeout = Int32(clamping: (nanoseconds + 999_999) / 1_000_000)
        }
        // Any result, EINTR included, means: look again.
        _ = poll(&descriptors, nfds_t(descriptors.count), timeout)
    }
}

extension LookupResult {
    /// Copies what libunbound answered; the caller frees `result`.
    fileprivate init(error: Int32, result: UnsafeMutablePointer<ub_result>?) {
        let answer = LookupAnswer(error: error, result: result)
        guard let found = result?.pointee, error == UB_NOERROR.rawValue else {
            self.init(answer)
            return
        }
        let canonicalName = found.canonname.map { String(cString: $0) }
        if case .failure = answer {
            self.init(answer)
        } else {
            self.init(answer, timeToLive: Int(found.ttl), canonicalName: canonicalName)
        }
    }
}

extension LookupAnswer {
    /// Copies what libunbound answered; the caller frees `result`.
    fileprivate init(error: Int32, result: UnsafeMutablePointer<ub_result>?) {
        guard error == UB_NOERROR.rawValue, let answer = result?.pointee else {
            self = .failure(.library(UnboundContext.message(error)))
            return
        }
        let isSecure = answer.secure != 0
        if answer.bogus != 0 {
            self = .failure(.bogus(answer.why_bogus.map { String(cString: $0) } ?? ""))
        } else if answer.nxdomain != 0 {
            self = .noSuchDomain(isSecure: isSecure)
        } else if answer.rcode != 0 {
            self = .failure(.serverFailure(rcode: answer.rcode))
        } else if answer.havedata != 0, let data = answer.data, let lengths = answer.len {
            var records: [[UInt8]] = []
            var index = 0
            while let start = data[index] {
                let bytes = UnsafeRawBufferPointer(start: start, count: Int(max(0, lengths[index])))
                records.append(Array(bytes))
                index += 1
            }
            self = .records(records, isSecure: isSecure)
        } else {
            self = .noRecords(isSecure: isSecure)
        }
    }
}
