import ArgumentParser

/// The command line of every daemon.
public struct DaemonArguments: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"))
    public var config = "/etc/postern/postern.yaml"

    public init() {}
}
