/// Makes text of a remote server safe to show: in a log, on a terminal, in a report.
enum ReplyText {
    /// The text with every control, format and invalid character replaced by `?`.
    static func printable(_ bytes: some Collection<UInt8>) -> String {
        if bytes.allSatisfy({ (0x20...0x7E).contains($0) }) { return String(decoding: bytes, as: UTF8.self) }
        var text = ""
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            text.unicodeScalars.append(isPrintable(scalar) ? scalar : "?")
        }
        return text
    }

    /// The beginning of what arrived, printable, at most 80 octets of it.
    static func quoted(_ bytes: some Collection<UInt8>) -> String {
        let start = bytes.prefix(80)
        return printable(start) + (start.count < bytes.count ? "..." : "")
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: scalar != "\u{FFFD}"
        }
    }
}
