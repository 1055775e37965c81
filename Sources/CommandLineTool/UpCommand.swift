import ArgumentParser
import Glibc

/// `postern up`
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run all daemons in the foreground: for a laptop, a lab, one container.",
        discussion: """
            Ctrl-C ends everything in an orderly way. A daemon that dies is started again: at once, then after 0.1 s doubling to at most 2 s \
            while it keeps dying. As root each daemon becomes its account of run_as.
            """)

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        let status = await ProcessSupervisor.run(
            topology: try file.topology(surroundings: .ofThisProcess()), configuration: absolute(file.path),
            program: absolute(CommandLine.arguments.first ?? "postern"))
        throw ExitCode(status.rawValue)
    }

    /// The same in whatever folder the other shell is; a name without a folder is left to its PATH.
    private func absolute(_ path: String) -> String {
        guard path.contains("/") || path == file.path, let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
