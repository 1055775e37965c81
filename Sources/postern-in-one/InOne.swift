import ArgumentParser
import AuthService
import CommandLineTool
import CoreService
import DeliveryService
import EdgeService
import MailboxService
import SubmissionService

/// All programs in one file, for container images and `make install`: the name that it is called by says which one runs.
///
/// Each of the seven executables would have its own copy of the Swift runtime there. What a process may do is bounded by its account, its
/// sockets and its container, and not by what else lies in its file.
@main
enum InOne {
    static func main() {
        let name = CommandLine.arguments.first?.split(separator: "/").last.map(String.init)
        let daemons: [any ParsableCommand.Type] = [
            AuthCommand.self, CoreCommand.self, DeliveryCommand.self, EdgeCommand.self, MailboxCommand.self, SubmissionCommand.self,
        ]
        if let daemon = daemons.first(where: { $0.configuration.commandName == name }) { return daemon.main() }
        PosternCommand.runProgram(Array(CommandLine.arguments.dropFirst()))
    }
}
