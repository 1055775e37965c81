import COpenSSL

/// OpenSSL's list of what went wrong on this thread.
enum ErrorQueue {
    /// Before a call whose errors are asked for: what an earlier one left behind would be taken for its own.
    static func clear() { ERR_clear_error() }

    /// The reasons that the last call left, the first cause first; the queue is empty afterwards. Never empty text.
    static func drain() -> String {
        var reasons: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            let reason = text(of: code)
            if reasons.count < 4, reasons.last != reason { reasons.append(reason) }
        }
        return reasons.isEmpty ? "OpenSSL gives no reason" : reasons.joined(separator: "; ")
    }

    private static func text(of code: UInt) -> String {
        if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
        var text = [CChar](repeating: 0, count: 160)
        ERR_error_string_n(code, &text, text.count)
        return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
