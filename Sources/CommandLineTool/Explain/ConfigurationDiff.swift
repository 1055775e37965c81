import ArgumentParser
import Explanation
import MailVocabulary
import ServiceRuntime
import Topology

/// Two configurations held against each other, for a person.
struct ConfigurationDiff {
    let before: Topology
    let after: Topology

    /// Prints what changes for mail; ends with 1 where something does, with 65 where it cannot be told.
    func run(_ envelopes: EnvelopeOptions) throws {
        if let facts = envelopes.facts, let directory = envelopes.directory {
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
        for setting in diff.settings {
            if !lines.isEmpty { lines.append("") }
            lines.append(setting.what)
            lines += sides(setting.before, setting.after)
        }
        for change in diff.changes {
            if !lines.isEmpty { lines.append("") }
            let servers = change.servers.joined(separator: ", ")
            lines.append("via \(servers), to \(change.recipients[0])" + (change.nature.isEmpty ? "" : ", \(change.nature)"))
            lines += Self.some(change.recipients.dropFirst().map { "and to \($0)" }, more: "more classes of recipients")
            lines += Self.some(change.senders, more: "more classes of senders")
            lines += sides(change.before, change.after)
            lines += StepText.wrapped("such as \(change.example)", indentation: "    ")
        }
        return lines
    }

    private static func sides(_ before: TopologyDiff.Side, _ after: TopologyDiff.Side) -> [String] {
        [("-", before), ("+", after)].flatMap { word, side in
            StepText.wrapped(side.outcome, indentation: "    \(word) ") + (side.rule.isEmpty ? [] : ["      \(side.rule)"])
        }
    }

    /// Three at most, and how many there are besides.
    private static func some(_ words: [String], more: String) -> [String] {
        words.prefix(3).map { "    \($0)" } + (words.count > 3 ? ["    … and \(words.count - 3) \(more)"] : [])
    }
}
