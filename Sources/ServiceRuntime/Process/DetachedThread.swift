import Glibc

/// A thread of its own for a call that blocks: the threads of the concurrency pool are too few to be kept waiting.
public enum DetachedThread {
    private final class Work {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `work` on a new thread, which ends with it.
    ///
    /// - Parameter stackOctets: of its stack, in octets.
    /// - Returns: false where the system gives no thread; then `work` does not run.
    @discardableResult
    public static func start(stackOctets: Int = 256 * 1024, _ work: @escaping @Sendable () -> Void) -> Bool {
        let boxed = Unmanaged.passRetained(Work(run: work))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackOctets)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, boxed.toOpaque())
        if code != 0 { boxed.release() }
        return code == 0
    }
}
