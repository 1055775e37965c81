import ArgumentParser
import CoreLink
import Foundation
import ServiceRuntime

extension QueueCommand {
    /// `postern queue release`
    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decide again about held mail, now.",
            discussion: """
                What the configuration permits goes out. What it still refuses is held again, and the reason is printed; where the \
                configuration says `on_reroute_refusal: report`, its sender is told instead.
                """)

        @OptionGroup var mail: MailSelection
        @OptionGroup var file: ConfigurationOption

        func run() async throws { try await mail.act(.queueRelease, file) { $0.released } }
    }

    /// `postern queue delete`
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove mail from the queue without telling its sender.",
            discussion: """
                With ids, each message with all its recipients, whether held or not; with --refused, the recipients that the configuration \
                refuses. What is being delivered at this moment stays. The core logs who asked.
                """)

        @OptionGroup var mail: MailSelection
        @OptionGroup var file: ConfigurationOption

        func run() async throws { try await mail.act(.queueDelete, file) { $0.deleted } }
    }
}

/// The messages that a command of the queue acts on.
struct MailSelection: ParsableArguments {
    @Argument(help: "Queue ids.") var ids: [String] = []
    @Flag(help: "All mail that the configuration refuses.") var refused = false
    @Flag(help: "JSON Lines: one object per message.") var json = false

    func validate() throws {
        guard ids.isEmpty == refused else { throw ValidationError("Name queue ids, or --refused, and not both.") }
    }

    /// Prints what became of each message. Ends with 67 where a message is not in the queue, otherwise with 65 where something stays.
    func act(
        _ command: ControlRequest.Command, _ file: ConfigurationOption, sentence: @escaping (HeldOutcome) -> String
    ) async throws {
        let client = try ControlClient(file)
        var isAbsent = false
        var stays = false
        var count = 0
        for try await row in client.rows(ControlRequest(command, refused ? ["--refused"] : ids)) {
            let outcome = HeldOutcome(row)
            count += 1
            isAbsent = isAbsent || outcome.isAbsent
            stays = stays || outcome.stays
            if json { StandardOutput.printJSON(row.line) } else { StandardOutput.print(sentence(outcome)) }
        }
        if count == 0, !json { StandardOutput.print("The configuration refuses nothing in the queue.") }
        if isAbsent { throw ExitCode(67) }
        if stays { throw ExitCode(ExitStatus.dataError.rawValue) }
    }
}
