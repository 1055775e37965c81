import ArgumentParser

/// `postern explain`
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what the configuration does, and by which rule in which line.",
        subcommands: [Route.self, Refusal.self, Message.self])
}
