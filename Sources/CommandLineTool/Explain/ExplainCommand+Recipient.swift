import ArgumentParser
import Explanation
import ServiceRuntime
import TopologyFile

extension ExplainCommand {
    /// `postern explain recipient`
    struct Recipient: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Where an address leads: aliases and groups as a tree, down to mailboxes.")

        @Argument(help: "The address; a bare name is completed by default_domain.") var address: String
        @OptionGroup var options: ExplainerOptions

        func run() async throws { try await Self.show(address, options) }

        static func show(_ text: String, _ options: ExplainerOptions) async throws {
            let topology = try options.file.topology(files: .none)
            guard let address = CompanionFile.address(text, defaultDomain: topology.defaultDomain) else {
                Environment.printError("postern: '\(text)' is not an address (accepted: name@domain, or a bare name)")
                throw ExitCode(ExitStatus.usage.rawValue)
            }
            do {
                let lines = try await options.explainer(for: topology).recipient(address)
                StandardOutput.print(lines.joined(separator: "\n"))
            } catch let problem as Explainer.Unanswerable {
                Environment.printError("postern: \(problem.reason)")
                throw ExitCode(ExitStatus.dataError.rawValue)
            }
        }
    }
}
