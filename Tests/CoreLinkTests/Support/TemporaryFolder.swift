#if canImport(Glibc)
    import Glibc
#endif

/// A folder for sockets that goes with the test.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/corelink-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(errorNumber: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // Only sockets are made here, and all of them by this name.
        unlink(socket)
        rmdir(path)
    }

    var socket: String { "\(path)/s.sock" }

    struct Failure: Error { let errorNumber: Int32 }

    static func status(of path: String) throws -> stat {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Failure(errorNumber: errno) }
        return status
    }
}
