import ArgumentParser
import Explanation
import ServiceRuntime
import Topology
import TopologyFile

#if canImport(Glibc)
    import Glibc
#endif

/// `postern test`
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Hold a configuration against a list of messages and what must become of them.",
        discussion: """
            A test file is YAML, an entry for each envelope:

                - { via: internet, client: 203.0.113.9, from: a@far.example, to: b@far.example, expect: refuse }

            `expect` is accept, refuse, or the name of a connector. The other keys are those of `postern explain route`. What differs is \
            explained. Nothing is sent. Exit status 0 where all is as expected, 1 where it is not.
            """)

    @Argument(help: "Files of tests.") var files: [String]
    @OptionGroup var options: ExplainerOptions

    func run() async throws {
        let topology = try options.file.topology(files: .none)
        // All files are read before the first is judged: errors stand together.
        let tests = try files.flatMap { path in
            try Reporting.of { try CompanionFile.policyTests(path: path, defaultDomain: topology.defaultDomain) }
        }
        let explainer = try await options.explainer(for: topology)
        var different = 0
        var hasErrors = false
        for test in tests {
            do {
                if case .connector(let name) = test.expectation, !topology.connectors.contains(where: { $0.name == name }) {
                    throw Explainer.Unanswerable(location: test.location, reason: "`expect`: there is no connector `\(name)`")
                }
                let explanation = try explainer.explain(test.envelope)
                if test.isMet(by: explanation) { continue }
                different += 1
                show(test, explanation)
            } catch let problem as Explainer.Unanswerable {
                hasErrors = true
                StandardOutput.print("\(problem)\n")
            }
        }
        let asExpected = tests.count - different
        if hasErrors {
            StandardOutput.print("some tests ask for what is not there; \(different) of the others differ")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
        StandardOutput.print(
            different == 0
                ? "\(tests.count) of \(tests.count) as expected" : "\(asExpected) of \(tests.count) as expected, \(different) not")
        if different > 0 { throw ExitCode(1) }
    }

    private func show(_ test: PolicyTest, _ explanation: RouteExplanation) {
        var text = "\(test.location): expected \(test.expectation)\n"
        for line in test.envelope.lines { text += "    \(line)\n" }
        text += ExplanationOutput.text(explanation).split(separator: "\n", omittingEmptySubsequences: true)
            .map { "    \($0)" }.joined(separator: "\n")
        StandardOutput.print(text + "\n")
    }
}
