import MailVocabulary

#if canImport(Glibc)
    import Glibc
#endif

/// What is said to a person before there are logs, or beside what a command prints.
public enum StandardError {
    /// Writes one or more lines; what strangers said in them is escaped. That nobody reads it is no error.
    public static func print(_ text: String) {
        var line = EscapedText.lines(text) + "\n"
        line.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = write(STDERR_FILENO, UnsafeRawPointer(rest.baseAddress), rest.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}

extension Slice where Base == UnsafeBufferPointer<UInt8> {
    fileprivate var baseAddress: UnsafePointer<UInt8>? { UnsafeBufferPointer(rebasing: self).baseAddress }
}
