import ArgumentParser

/// `postern up`
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Run all daemons in the foreground: for a laptop, a lab, one container.",
        discussion: """
            Ctrl-C ends everything in an orderly way. A daemon that dies is started again: at once, then after 0.1 s doubling to at most 2 s
            while it keeps dying. As root each daemon becomes its account of run_as.
            """)

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        let status = await ProcessSupervisor.run(topology: try file.topology(), configuration: file.path)
        throw ExitCode(status.rawValue)
    }
}
