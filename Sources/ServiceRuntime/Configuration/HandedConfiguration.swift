import CMemoryFile
import Glibc
import TopologyFile

/// The text of a configuration that `postern up` hands to a daemon which it starts: a descriptor of a sealed file in memory, whose number the
/// environment names. What a daemon is started with again is so the configuration that runs, whatever stands in the file by then, and it comes
/// from the supervisor, not from another daemon: a daemon that is still root may believe it.
public enum HandedConfiguration {
    /// The environment variable that holds the number of the descriptor.
    public static let environmentName = "POSTERN_CONFIGURATION_FD"

    /// A sealed file with this text, closed at exec.
    ///
    /// - Returns: its descriptor; nil, with `errno` set, where the system gives none.
    public static func file(of text: [UInt8]) -> Int32? {
        let low = cmemoryfile_create("postern configuration")
        guard low >= 0 else { return nil }
        // Beyond the numbers that descriptors have in a daemon: one could be laid over it on the way.
        let descriptor = fcntl(low, F_DUPFD_CLOEXEC, 16)
        close(low)
        guard descriptor >= 0 else { return nil }
        var rest = text[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        guard rest.isEmpty, cmemoryfile_seal(descriptor) == 0 else {
            let code = errno
            close(descriptor)
            errno = code
            return nil
        }
        return descriptor
    }

    /// The text that this process was given; nil where it was given none. It stays readable for what this process becomes.
    public static func text() -> [UInt8]? {
        guard let descriptor = descriptor() else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= TopologyFile.maximumBytes else {
            return nil
        }
        var text = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < text.count {
            // Not read(2): the position is one for all who have the descriptor.
            let octets = text.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count, off_t(count))
            }
            if octets < 0, errno == EINTR { continue }
            guard octets > 0 else { return nil }
            count += octets
        }
        return text
    }

    /// The same, and lets go of it: what this process starts has it no more. Before other threads use the environment.
    static func take() -> [UInt8]? {
        guard let descriptor = descriptor() else { return nil }
        defer {
            close(descriptor)
            unsetenv(environmentName)
        }
        return text()
    }

    private static func descriptor() -> Int32? {
        guard let number = getenv(environmentName).flatMap({ Int32(String(cString: $0)) }), number > STDERR_FILENO else { return nil }
        return number
    }
}
