import Glibc

/// A file of `/proc`: without a length of its own, and small.
enum ProcessFile {
    /// Its text; nil where it cannot be read. What is beyond 64 KiB is left out.
    static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var (text, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 8192))
        while text.count < maximumOctets {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return text.isEmpty ? nil : String(decoding: text, as: UTF8.self)
    }

    private static let maximumOctets = 64 * 1024
}
