import MailVocabulary
import Topology

/// A rule that can refuse: what `postern explain refusal` tells of a code.
public struct RefusalRule: Hashable, Sendable {
    public let code: RefusalCode
    /// Its number in "The decision, exactly", or its row in the reference.
    public let rule: String
    /// Where it is configured: `connectors.general.restrictions.reject_from`.
    public let path: String
    /// nil where nothing in the configuration is the reason.
    public let location: SourceLocation?

    init(_ rule: String, _ path: String, _ location: SourceLocation?, of installation: InstallationMark) {
        code = RefusalCode(rule: rule, path: path, installation: installation)
        (self.rule, self.path) = (rule, path)
        self.location = location == .builtIn ? nil : location
    }
}

/// A rule of the decision, with what it says.
struct RoutingRule: Hashable, Sendable {
    let named: RefusalRule
    /// What strangers hear: short, and without any name of ours (rule 6).
    let toStrangers: Refusal

    init(_ named: RefusalRule, _ word: Refusal.Word) {
        self.named = named
        toStrangers = Refusal(word, named.code)
    }

    init(_ rule: String, _ path: String, _ location: SourceLocation?, _ word: Refusal.Word, of installation: InstallationMark) {
        self.init(RefusalRule(rule, path, location, of: installation), word)
    }

    var code: RefusalCode { named.code }
    var location: SourceLocation? { named.location }
}
