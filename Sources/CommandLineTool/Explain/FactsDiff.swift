import ArgumentParser
import Explanation
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile

/// Envelopes of a file, held against two configurations.
struct FactsDiff {
    let before: Topology
    let after: Topology
    /// The path of a directory file.
    let directory: String

    /// Prints each envelope that they treat differently; ends with 1 where there is one, with 65 where a line cannot be answered.
    func run(_ facts: FactsFile) throws {
        let document = try Reporting.of { try CompanionFile.directory(path: directory, defaultDomain: before.defaultDomain) }
        let (old, new) = (try explainer(before, document), try explainer(after, document))
        var (different, hasErrors) = (false, false)
        try facts.forEachLine { line, number in
            do {
                let envelope = try CompanionFile.facts(
                    line: line, file: facts.name, number: number, defaultDomain: before.defaultDomain)
                let (one, two) = (try old.explain(envelope), try new.explain(envelope))
                guard one.isDifferentForMail(from: two) else { return }
                different = true
                StandardOutput.print(
                    "\(envelope.location): " + envelope.lines.joined(separator: "\n    ") + "\n    - \(one.verdict)\n    + \(two.verdict)")
            } catch {
                hasErrors = true
                let reason = (error as? CompanionFile.Failure)?.findings.map(\.description).joined(separator: "\n") ?? "\(error)"
                Environment.printError(reason)
            }
        }
        if hasErrors { throw ExitCode(ExitStatus.dataError.rawValue) }
        if different { throw ExitCode(1) }
        StandardOutput.print("nothing changes for these")
    }

    private func explainer(_ topology: Topology, _ document: DirectoryDocument) throws -> Explainer {
        let now = Timestamp.now()
        return try Reporting.of {
            Explainer(
                topology: topology, directory: try MemoryDirectory.make(document, topology: topology, isOfRunningCore: true), now: now,
                utcOffset: LocalTime.offset(at: now.seconds))
        }
    }
}
