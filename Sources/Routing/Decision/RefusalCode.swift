import MailVocabulary

/// A short name of a rule that refuses, as replies carry it: `[R-7f3k2-ab]`.
///
/// Its five characters are a hash of the rule's kind and of its place in the tree of the configuration, not of its line: the same rule has the
/// same code after a reload, in every process, and nobody can make new ones. They tell a few thousand rules apart, mostly: two rules may
/// share a code, so whoever looks one up gets a list. The two behind them say which installation it is of.
public struct RefusalCode: Hashable, Sendable {
    /// 25 bits.
    private let value: UInt32
    /// nil in a code that was read without: it may be any installation's.
    public let installation: InstallationMark?

    private init(value: UInt32, installation: InstallationMark?) { (self.value, self.installation) = (value, installation) }

    /// - Parameters:
    ///   - rule: the rule's number in "The decision, exactly".
    ///   - path: where it is configured: `connectors.general.restrictions.reject_from`.
    init(rule: String, path: String, installation: InstallationMark) {
        self.init(value: UInt32(truncatingIfNeeded: RefusalHash(rule, path).value >> 39), installation: installation)
    }

    /// Reads `R-7f3k2-ab` or `R-7f3k2`, with or without brackets, in any case; nil for anything else.
    public init?(parsing text: some StringProtocol) {
        var text = Substring(text)
        if text.hasPrefix("["), text.hasSuffix("]") { text = text.dropFirst().dropLast() }
        let octets = Array(text.utf8)
        guard octets.count == 7 || octets.count == 10, text.lowercased().hasPrefix("r-"),
            let value = RefusalAlphabet.value(octets[2..<7])
        else { return nil }
        if octets.count == 7 {
            self.init(value: value, installation: nil)
        } else {
            guard octets[7] == UInt8(ascii: "-"), let mark = RefusalAlphabet.value(octets[8...]) else { return nil }
            self.init(value: value, installation: InstallationMark(value: UInt16(mark)))
        }
    }

    /// The code that a reply of ours ends with; nil where its rule has none.
    public init?(endOf reply: Reply) {
        guard let last = reply.lines.last, let start = last.lastIndex(of: "["), let code = RefusalCode(parsing: last[start...]),
            last.hasSuffix("]")
        else { return nil }
        self = code
    }

    /// `R-7f3k2`.
    public var withoutInstallation: RefusalCode { RefusalCode(value: value, installation: nil) }

    /// The same as a code of this installation, where it does not say which one it is of.
    public func assumed(of installation: InstallationMark) -> RefusalCode {
        RefusalCode(value: value, installation: self.installation ?? installation)
    }
}

extension RefusalCode: CustomStringConvertible {
    /// `R-7f3k2-ab`.
    public var description: String {
        "R-\(RefusalAlphabet.text(value, characters: 5))" + (installation.map { "-\($0)" } ?? "")
    }
}
