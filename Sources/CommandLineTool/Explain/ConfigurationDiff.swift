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
        var lines = diff.removedServers.map { "virtual server \($0) is gone" }
        for server in diff.addedServers {
            lines.append(
                "virtual server \(server) is new" + (diff.permitted.contains { $0.servers.contains(server) } ? ", and permits" : ""))
            for change in diff.permitted where change.servers.contains(server) {
                lines += StepText.wrapped("to \(change.recipients.joined(separator: ", to "))", indentation: "    ")
                lines += StepText.wrapped(change.senders.joined(separator: "; "), indentation: "        ") + side("+", change.after)
            }
        }
        for setting in diff.settings {
            if !lines.isEmpty { lines.append("") }
            lines.append(setting.what + (setting.isActive ? "" : " (read, and not followed in this version)"))
            lines += side("-", setting.before) + side("+", setting.after)
        }
        for change in diff.changes {
            if !lines.isEmpty { lines.append("") }
            let servers = change.servers.joined(separator: ", ")
            lines.append("via \(servers), to \(change.recipients[0])" + (change.nature.isEmpty ? "" : ", \(change.nature)"))
            lines += change.recipients.dropFirst().flatMap { StepText.wrapped("and to \($0)", indentation: "    ") }
            lines += change.senders.flatMap { StepText.wrapped($0, indentation: "    ") }
            lines += side("-", change.before) + side("+", change.after)
            lines += StepText.wrapped("such as \(change.example)", indentation: "    ")
        }
        return lines
    }

    private static func side(_ sign: String, _ side: TopologyDiff.Side) -> [String] {
        StepText.wrapped(side.outcome, indentation: "    \(sign) ") + (side.rule.isEmpty ? [] : ["      \(side.rule)"])
    }
}
