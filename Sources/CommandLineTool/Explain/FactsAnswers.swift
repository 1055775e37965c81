import ArgumentParser
import Explanation
import Foundation
import ServiceRuntime
import Topology
import TopologyFile

/// Many envelopes, a line each, and a line of answer each, as they come: a pipe may stay open.
struct FactsAnswers {
    /// `-` for standard input.
    let path: String
    let topology: Topology

    /// A line that cannot be answered gets `{"error": …}`; the command then ends with 65 when all are answered.
    func run(_ explainer: Explainer) throws {
        let file = FactsFile(path: path)
        var hasErrors = false
        try file.forEachLine { line, number in
            do {
                let envelope = try CompanionFile.facts(
                    line: line, file: file.name, number: number, defaultDomain: topology.defaultDomain)
                StandardOutput.printJSON(try ExplanationOutput.json(try explainer.explain(envelope)))
            } catch {
                hasErrors = true
                let reason = (error as? CompanionFile.Failure)?.findings.map(\.description).joined(separator: "\n") ?? "\(error)"
                StandardOutput.printJSON(try Self.json(reason))
            }
        }
        if hasErrors { throw ExitCode(ExitStatus.dataError.rawValue) }
    }

    private static func json(_ reason: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return String(decoding: try encoder.encode(["error": reason]), as: UTF8.self)
    }
}
