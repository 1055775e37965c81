import ArgumentParser
import Explanation
import TopologyFile

extension ExplainCommand {
    /// `postern explain relay`
    struct Relay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Whether a client may relay, and why.",
            discussion: "Without --to, it is asked about a domain that nothing names: elsewhere.invalid.")

        @Option(help: "The virtual server that it comes to.") var via: String?
        @Option(help: "The client's address.") var client: String?
        @Option(help: "The host name that reverse DNS confirms.") var clientName: String?
        @Option(help: ArgumentHelp("Who is logged in.", valueName: "user")) var `as`: String?
        @Option(help: "The domain to relay to.") var to: String?
        @OptionGroup var explainer: ExplainerOptions

        func run() async throws {
            let written: [(String, String?)] = [
                ("via", via), ("client", client), ("client_name", clientName), ("as", `as`), ("from", `as` ?? "<>"),
                ("to", "postmaster@\(to ?? "elsewhere.invalid")"),
            ]
            let explanation = try await explainer.explain(
                written.compactMap { key, value in value.map { (key, $0) } }, by: try explainer.file.topology(files: .none))
            StandardOutput.printPainted(ExplanationOutput.relayText(explanation))
        }
    }
}
