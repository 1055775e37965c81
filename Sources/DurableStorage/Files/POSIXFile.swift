import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// A file descriptor that is closed exactly once.
final class POSIXFile: OpenFile {
    let path: String
    /// -1 once it is closed. The lock is held during each system call, so that the number cannot be closed, and given to another
    /// file, while one is under way.
    private let descriptor: Mutex<Int32>

    init(descriptor: Int32, path: String) {
        self.descriptor = Mutex(descriptor)
        self.path = path
    }

    deinit {
        // Nobody is left to hear of an error; whoever cares about it has called close().
        try? close()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try withDescriptor(.write) { descriptor throws(FileError) in
            var rest = bytes[...]
            while !rest.isEmpty {
                let part = UnsafeRawBufferPointer(rebasing: rest)
                let count = try call(.write, path) { Glibc.write(descriptor, part.baseAddress, part.count) }
                rest = rest.dropFirst(count)
            }
        }
    }

    func sync() throws(FileError) {
        try withDescriptor(.sync) { descriptor throws(FileError) in _ = try call(.sync, path) { fdatasync(descriptor) } }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        try withDescriptor(.read) { descriptor throws(FileError) in
            try call(.read, path) { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
        }
    }

    func size() throws(FileError) -> Int {
        try withDescriptor(.status) { descriptor throws(FileError) in
            var status = stat()
            try call(.status, path) { fstat(descriptor, &status) }
            return Int(status.st_size)
        }
    }

    func close() throws(FileError) {
        let result = descriptor.withLock { descriptor -> Int32 in
            guard descriptor >= 0 else { return 0 }
            defer { descriptor = -1 }
            // Not again after EINTR: Linux has closed it by then, and the number may be another file's already.
            return Glibc.close(descriptor) == 0 || errno == EINTR ? 0 : errno
        }
        if result != 0 { throw FileError(operation: .close, path: path, errorNumber: result) }
    }

    private func withDescriptor<Success>(
        _ operation: FileError.Operation, _ body: (Int32) throws(FileError) -> sending Success
    ) throws(FileError) -> Success {
        try descriptor.withLock { descriptor throws(FileError) in
            if descriptor < 0 { throw FileError(operation: operation, path: path, errorNumber: EBADF) }
            return try body(descriptor)
        }
    }
}
