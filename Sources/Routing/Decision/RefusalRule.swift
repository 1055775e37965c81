import MailVocabulary
import Topology

/// A rule that can refuse: what `postern explain refusal` tells of a code.
public struct RefusalRule: Hashable, Sendable {
    public let code: RefusalCode
    /// Its number in "The decision, exactly".
    public let rule: String
    /// Where it is configured: `connectors.general.restrictions.reject_from`.
    public let path: String
    /// nil where nothing in the configuration is the reason.
    public let location: SourceLocation?
    /// What strangers hear: short, and without any name of ours (rule 6).
    let toStrangers: Refusal

    init(_ rule: String, _ path: String, _ location: SourceLocation?, _ word: Refusal.Word) {
        let code = RefusalCode(rule: rule, path: path)
        (self.code, self.rule, self.path) = (code, rule, path)
        self.location = location == .builtIn ? nil : location
        toStrangers = Refusal(word, code)
    }
}
