import ArgumentParser
import Dispatch
import ServiceRuntime

#if canImport(Glibc)
    import Glibc
#endif

extension PosternCommand {
    /// The program: parses the arguments, runs the command, and ends the process with its status.
    ///
    /// In place of ArgumentParser's own `main`, which writes help and errors, arguments included, to the descriptors as they are. Not an
    /// asynchronous one: that would begin with a descriptor of its own, and where standard output is closed it would have that number.
    ///
    /// - Parameter arguments: without the name of the program.
    public static func runProgram(_ arguments: [String]) -> Never {
        StandardDescriptors.reserve()
        // A closed pipe is an error of write(2) like others; StandardOutput decides about it.
        signal(SIGPIPE, SIG_IGN)
        Task { await runAndExit(arguments) }
        dispatchMain()
    }

    private static func runAndExit(_ arguments: [String]) async -> Never {
        if let problem = CommandWords.problem(in: arguments) {
            Environment.printError("postern: \(problem)")
            Glibc.exit(ExitStatus.usage.rawValue)
        }
        do {
            var command = try await asyncParseAsRoot(ArgumentOrder.configurationLast(arguments))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Glibc.exit(ExitStatus.success.rawValue)
        } catch {
            let status = exitCode(for: error).rawValue
            let message = fullMessage(for: error)
            if !message.isEmpty {
                if status == ExitStatus.success.rawValue { StandardOutput.print(message) } else { Environment.printError(message) }
            }
            Glibc.exit(status)
        }
    }
}
