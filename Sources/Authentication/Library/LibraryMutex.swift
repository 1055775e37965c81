import CSASL
import Glibc

// The library takes its locks through these. Without them it has none, and its own tables are damaged by two threads.

let allocateMutex: @convention(c) () -> UnsafeMutableRawPointer? = {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    guard pthread_mutex_init(mutex, nil) == 0 else {
        mutex.deallocate()
        return nil
    }
    return UnsafeMutableRawPointer(mutex)
}

let lockMutex: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { mutex in
    guard let mutex, pthread_mutex_lock(mutex.assumingMemoryBound(to: pthread_mutex_t.self)) == 0 else { return SASL_FAIL }
    return SASL_OK
}

let unlockMutex: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { mutex in
    guard let mutex, pthread_mutex_unlock(mutex.assumingMemoryBound(to: pthread_mutex_t.self)) == 0 else { return SASL_FAIL }
    return SASL_OK
}

let freeMutex: @convention(c) (UnsafeMutableRawPointer?) -> Void = { mutex in
    guard let mutex = mutex?.assumingMemoryBound(to: pthread_mutex_t.self) else { return }
    pthread_mutex_destroy(mutex)
    mutex.deinitialize(count: 1)
    mutex.deallocate()
}
