import ArgumentParser
import CoreLink
import Explanation
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile

/// Which configuration explains, and who there is.
struct ExplainerOptions: ParsableArguments {
    @OptionGroup var file: ConfigurationOption
    @Option(
        help: ArgumentHelp(
            "Users, aliases and groups out of this YAML file; without it, out of the running core.", valueName: "file"))
    var directory: String?

    /// The configuration of the file, also where the core runs with another one: that is how a change is tried.
    func explainer(for topology: Topology) async throws -> Explainer {
        let now = Timestamp.now()
        let (document, hadSomebody) = try await document(topology)
        return try Reporting.of {
            Explainer(
                topology: topology,
                directory: try MemoryDirectory.make(
                    document, topology: topology, isOfRunningCore: directory == nil, hadSomebody: hadSomebody),
                now: now, utcOffset: LocalTime.offset(at: now.seconds))
        }
    }

    /// Explains the envelope that options say; ends the command where they say none.
    func explain(_ options: [(key: String, value: String)], by topology: Topology) async throws -> RouteExplanation {
        do {
            let envelope = try CompanionFile.envelope(options: options, defaultDomain: topology.defaultDomain)
            return try await explainer(for: topology).explain(envelope)
        } catch let failure as CompanionFile.Failure {
            for finding in failure.findings {
                let option = finding.path.prefix { $0 != "[" }.replacing("_", with: "-")
                let accepted = finding.accepted.map { " (accepted: \($0))" } ?? ""
                let message = finding.message == "the key is missing" ? "the option is missing" : finding.message
                Environment.printError("postern: --\(option): \(message)\(accepted)")
            }
            throw ExitCode(ExitStatus.usage.rawValue)
        } catch let problem as Explainer.Unanswerable {
            Environment.printError("postern: \(problem.reason)")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
    }

    private func document(_ topology: Topology) async throws -> (DirectoryDocument, hadSomebody: Bool) {
        if let directory {
            // A file says who there is, also where that is nobody.
            return (try Reporting.of { try CompanionFile.directory(path: directory, defaultDomain: topology.defaultDomain) }, true)
        }
        return try await ofRunningCore { client in
            let status = try await client.objects(ControlRequest(.status)).map { try Row($0) }.first
            return (try await RunningDirectory.document(client), status?.flag("directory_never_used") != true)
        }
    }

    /// Asks the running core; where none answers, the command ends with a word on what else there is.
    func ofRunningCore<Answer>(_ ask: (ControlClient) async throws -> Answer) async throws -> Answer {
        do {
            return try await ask(try ControlClient(file, saysFindings: false))
        } catch let code as ExitCode where code.rawValue == ExitStatus.temporaryFailure.rawValue {
            Environment.printError("postern: without a running core, --directory FILE says which users, aliases and groups there are")
            throw code
        }
    }
}
