import NIOCore

#if canImport(Glibc)
    import Glibc
#endif

/// What the system says about an error, for a person: NIO's own texts name the function that failed and its arguments.
public enum SystemReason {
    /// `Address already in use` of an `IOError`; the description of any other error.
    public static func text(of error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return text(ofErrorNumber: error.errnoCode)
    }

    /// The system's words for an `errno`.
    public static func text(ofErrorNumber number: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let text = buffer.baseAddress, strerror_r(number, text, buffer.count) == 0 else { return "error \(number)" }
            return String(cString: text)
        }
    }
}
