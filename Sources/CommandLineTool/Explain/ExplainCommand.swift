import ArgumentParser
import Explanation

/// `postern explain`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what the configuration does, and by which rule in which line.",
        usage: """
            postern explain THING [--config FILE] [--directory FILE]
            postern explain SUBCOMMAND …
            """,
        discussion: """
            `postern explain THING` takes a queue id, the code of a refusal, an address or a domain, and does the right one of these.
            """,
        subcommands: [Route.self, Relay.self, Recipient.self, Refusal.self, Message.self, Thing.self], defaultSubcommand: Thing.self)

    /// `postern explain THING`
    struct Thing: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "thing", abstract: "A queue id, the code of a refusal, an address or a domain.", shouldDisplay: false)

        @Argument(help: "What to explain.") var thing: String
        @OptionGroup var options: ExplainerOptions

        func run() async throws {
            switch ExplainedThing(thing) {
            case .refusal(let code): try await Refusal.show("\(code)", last: 3, options.file)
            case .message(let id): try await Message.show("\(id)", options.file)
            case .domain(let domain):
                let topology = try options.file.topology(files: .none)
                StandardOutput.print(try await options.explainer(for: topology).domain(domain).joined(separator: "\n"))
            case .recipient: try await Recipient.show(thing, options)
            }
        }
    }
}
