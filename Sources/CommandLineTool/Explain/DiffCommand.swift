import ArgumentParser
import Explanation
import Foundation
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile

/// `postern diff`
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What a change of the configuration changes for mail.",
        discussion: """
            Goes over all classes of mail that the two files tell apart (virtual server, client, who sends, recipient), and lists those
            that they treat differently, each with an example and the rule on either side. Size, priority and time are not varied. With
            --facts, only the envelopes of that file are held against both. Exit status 0 where nothing changes for mail, 1 where something does.
            """)

    @Argument(help: "The configuration as it is.") var old: String
    @Argument(help: "The configuration as it would be.") var new: String

    @Option(help: ArgumentHelp("Envelopes as of `postern explain route --facts`; needs --directory.", valueName: "file"))
    var facts: String?
    @Option(help: ArgumentHelp("Users, aliases and groups for these.", valueName: "file")) var directory: String?

    func validate() throws {
        if (facts == nil) != (directory == nil) { throw ValidationError("--facts and --directory belong together") }
    }

    func run() throws {
        let (before, after) = (
            try ConfigurationOption.topology(path: old, files: .none), try ConfigurationOption.topology(path: new, files: .none)
        )
        if let facts, let directory {
            return try FactsDiff(before: before, after: after, directory: directory).run(FactsFile(path: facts))
        }
        do {
            let diff = try TopologyDiff(from: before, to: after, now: .now())
            let lines = Self.lines(diff)
            StandardOutput.print(lines.isEmpty ? "nothing changes for mail" : lines.joined(separator: "\n"))
            if !lines.isEmpty { throw ExitCode(1) }
        } catch let problem as TopologyDiff.TooMany {
            Environment.printError(
                "postern: these files tell \(problem.count) classes of mail apart, and at most \(TopologyDiff.maximumDecisions) are gone over"
            )
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
    }

    private static func lines(_ diff: TopologyDiff) -> [String] {
        var lines = diff.removedServers.map { "virtual server \($0) is gone" } + diff.addedServers.map { "virtual server \($0) is new" }
        for change in diff.changes {
            if !lines.isEmpty { lines.append("") }
            lines.append("via \(change.server), to \(change.recipient)")
            lines += change.senders.prefix(3).map { "    \($0)" }
            if change.senders.count > 3 { lines.append("    … and \(change.senders.count - 3) more classes of senders") }
            for (word, side) in [("-", change.before), ("+", change.after)] {
                lines += StepText.wrapped(side.outcome, indentation: "    \(word) ")
                if !side.rule.isEmpty { lines.append("      \(side.rule)") }
            }
            lines += StepText.wrapped("such as \(change.example)", indentation: "    ")
        }
        return lines
    }
}
