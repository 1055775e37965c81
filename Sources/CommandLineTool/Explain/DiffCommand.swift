import ArgumentParser
import Topology
import TopologyFile

/// `postern diff`
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What a change of the configuration changes for mail.",
        discussion: """
            Goes over all classes of mail that the two files tell apart (virtual server, client, who sends, recipient, size, priority, \
            kind), and lists those that they treat differently, each with an example and the rule on either side. With --facts, only the envelopes of that file are held against both. Exit status 0 where nothing changes for mail, 1 where something does.
            """)

    @Argument(help: "The configuration as it is.") var old: String
    @Argument(help: "The configuration as it would be.") var new: String

    @OptionGroup var envelopes: EnvelopeOptions

    func run() throws {
        let before = try ConfigurationOption.topology(path: old, files: .none)
        let after = try ConfigurationOption.topology(path: new, files: .none)
        try ConfigurationDiff(before: before, after: after).run(envelopes)
    }
}

/// Envelopes to compare by, instead of all classes of mail.
struct EnvelopeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Envelopes as of `postern explain route --facts`; needs --directory.", valueName: "file"))
    var facts: String?
    @Option(help: ArgumentHelp("Users, aliases and groups for these.", valueName: "file")) var directory: String?

    func validate() throws {
        if (facts == nil) != (directory == nil) { throw ValidationError("--facts and --directory belong together") }
    }
}
