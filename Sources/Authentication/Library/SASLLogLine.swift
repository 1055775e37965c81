import CSASL
import Glibc

/// One line from libsasl2 or a plug-in of it.
public struct SASLLogLine: Hashable, Sendable {
    /// The library's levels, without those that trace octets and passwords.
    public enum Level: Hashable, Sendable {
        /// `failure` is one login that failed.
        case error, failure, warning, note, debug
    }

    /// Of the text, in octets; the rest is cut off.
    static let maximumOctets = 500

    public let level: Level
    /// Printable, in one line.
    public let text: String

    /// - Returns: nil for levels that may hold secrets.
    init?(level: Int32, text: UnsafePointer<CChar>) {
        switch level {
        case SASL_LOG_ERR: self.level = .error
        case SASL_LOG_FAIL: self.level = .failure
        case SASL_LOG_WARN: self.level = .warning
        case SASL_LOG_NOTE: self.level = .note
        case SASL_LOG_DEBUG: self.level = .debug
        default: return nil
        }
        self.text = printable(text)
    }
}

/// A text of the library, which may quote what a peer sent, in one line of bounded length.
func printable(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "" }
    let octets = UnsafeRawBufferPointer(start: text, count: strnlen(text, SASLLogLine.maximumOctets))
    let scalars = String(decoding: octets, as: UTF8.self).unicodeScalars.map { scalar in
        scalar.properties.generalCategory == .control ? "?" : Character(scalar)
    }
    return String(scalars)
}

/// Where the library's log goes.
final class LogSink: Sendable {
    let write: @Sendable (SASLLogLine) -> Void

    init(write: @escaping @Sendable (SASLLogLine) -> Void) { self.write = write }
}

let writeLog: @convention(c) (UnsafeMutableRawPointer?, Int32, UnsafePointer<CChar>?) -> Int32 = { context, level, text in
    guard let context, let text, let line = SASLLogLine(level: level, text: text) else { return SASL_OK }
    Unmanaged<LogSink>.fromOpaque(context).takeUnretainedValue().write(line)
    return SASL_OK
}
