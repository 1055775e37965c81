/// What a message's header says of its priority, and whether a program wrote it.
public struct MessageNature: Hashable, Sendable {
    public enum Priority: Hashable, Sendable {
        case high, normal, low
    }

    public let priority: Priority
    /// `Auto-Submitted` with anything but `no` (RFC 3834 §5).
    public let isAutomatic: Bool

    /// Octets of a message that are looked at.
    public static let maximumOctets = 64 * 1024

    /// - Parameter beginning: of the message; what is behind the header, or behind `maximumOctets`, does not count.
    ///
    /// Of several fields, `MT-Priority` (RFC 6758 §2) counts before `Importance` (RFC 2156 §5.3.4), and that before `X-Priority`; of equal
    /// ones the first.
    public init(beginning: some Sequence<UInt8>) {
        var values: [String: String] = [:]
        for line in Self.headerLines(beginning) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = Self.trimmed(line[..<colon]).lowercased()
            if Self.fields.contains(name), values[name] == nil {
                values[name] = Self.trimmed(line[line.index(after: colon)...]).lowercased()
            }
        }
        priority =
            values["mt-priority"].flatMap(Self.mtPriority) ?? values["importance"].flatMap(Self.importance)
            ?? values["x-priority"].flatMap(Self.xPriority) ?? .normal
        isAutomatic = values["auto-submitted"].map { !($0 == "no" || $0.hasPrefix("no;") || $0.hasPrefix("no ")) } ?? false
    }

    private static let fields: Set<String> = ["mt-priority", "importance", "x-priority", "auto-submitted"]

    /// The first line of each field: none of these fields needs a second one.
    private static func headerLines(_ bytes: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        var line: [UInt8] = []
        for byte in bytes.prefix(maximumOctets) {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty { break }
            // A value that nobody can read says nothing.
            if let text = String(validating: line, as: UTF8.self), line[0] != 0x20, line[0] != 0x09 { lines.append(text) }
            line.removeAll(keepingCapacity: true)
        }
        return lines
    }

    /// Without blanks around it, and without a comment.
    private static func trimmed(_ text: Substring) -> String {
        var text = text.prefix { $0 != "(" }.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }

    /// -9 to 9; 0 is normal (RFC 6710 §4.1).
    private static func mtPriority(_ text: String) -> Priority? {
        guard let value = Int(text), (-9...9).contains(value) else { return nil }
        return value > 0 ? .high : value < 0 ? .low : .normal
    }

    private static func importance(_ text: String) -> Priority? {
        switch text {
        case "high": .high
        case "normal": .normal
        case "low": .low
        default: nil
        }
    }

    /// `1 (Highest)` to `5 (Lowest)`; 3 is normal.
    private static func xPriority(_ text: String) -> Priority? {
        guard let digit = text.first?.wholeNumberValue, (1...5).contains(digit) else { return nil }
        return digit < 3 ? .high : digit > 3 ? .low : .normal
    }
}
