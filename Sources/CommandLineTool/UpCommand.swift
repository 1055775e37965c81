import ArgumentParser
import Confinement
import Glibc
import ServiceRuntime

/// `postern up`
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run all daemons in the foreground: for a laptop, a lab, one container.",
        discussion: """
            Ctrl-C ends everything in an orderly way. A daemon that dies is started again: at once, then after 0.1 s doubling to at most 2 s \
            while it keeps dying. As root each daemon becomes its account of run_as. With --sandbox the kernel also holds each to the \
            files, sockets and system calls of its role, as far as the kernel can; the log says per daemon what holds and what is missing.
            """)

    @OptionGroup var file: ConfigurationOption
    @Flag(help: "Hold each daemon to the bounds of its role; end with 71 where this kernel cannot at all.") var sandbox = false

    func run() async throws {
        guard !sandbox || Confinement.isPossible else {
            Environment.printError(
                "postern: --sandbox: this kernel has neither Landlock (Linux 5.19 or later, enabled) nor seccomp filters")
            throw ExitCode(ExitStatus.osError.rawValue)
        }
        let status = await ProcessSupervisor.run(
            topology: try file.topology(surroundings: .ofThisProcess()), configuration: absolute(file.path),
            program: absolute(CommandLine.arguments.first ?? "postern"), sandbox: sandbox)
        throw ExitCode(status.rawValue)
    }

    /// The same in whatever folder the other shell is; a name without a folder is left to its PATH.
    private func absolute(_ path: String) -> String {
        guard path.contains("/") || path == file.path, let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}
