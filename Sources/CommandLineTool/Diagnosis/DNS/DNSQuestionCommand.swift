import ArgumentParser
import MailVocabulary
import NIOPosix
import NameResolution
import ServiceRuntime

/// `postern dns mx` and its like
struct DNSQuestionCommand<Kind: DNSQuestionKind>: AsyncParsableCommand {
    static var configuration: CommandConfiguration { CommandConfiguration(commandName: Kind.word, abstract: Kind.abstract) }

    @Argument(help: "What is asked about.") var name: String
    @Option(help: ArgumentHelp("Seconds that the answer may take, 1 to 300.", valueName: "seconds")) var timeout = 10
    @Flag(help: "One JSON object.") var json = false
    @OptionGroup var options: ResolverOptions

    func validate() throws {
        guard (1...300).contains(timeout) else { throw ValidationError("--timeout: \(timeout) is out of range (accepted: 1 to 300)") }
        _ = try question()
    }

    func run() async throws {
        let choice = options.choice(try options.topology())
        let resolver = try choice.resolver()
        let question = try question()
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        let result = try await resolver.result(of: question.name, question.type, within: .seconds(timeout), on: eventLoop).get()
        let answer = DNSAnswer(
            question: question, result: result, isValidating: choice.isValidating, hostsFile: resolver.hostsFileEntries(for: question))
        if json {
            StandardOutput.printJSON(try JSONLine.text(DNSAnswerJSON(answer, servers: choice.servers)))
        } else {
            StandardOutput.printPainted(DNSAnswerText(answer, askedOf: choice.words, paint: .ofStandardOutput()).text)
        }
        switch answer.outcome {
        case .answer: break
        case .noSuchName, .noData: throw ExitCode(1)
        case .failure: throw ExitCode(ExitStatus.temporaryFailure.rawValue)
        }
    }

    private func question() throws -> DNSQuestion {
        do throws(DNSQuestion.Refusal) { return try DNSQuestion(parsing: name, type: Kind.type) } catch {
            throw ValidationError(error.message)
        }
    }
}

extension DNSResolver {
    /// What the hosts file has instead of the DNS; nil where the question goes to the servers.
    func hostsFileEntries(for question: DNSQuestion) -> [String]? {
        switch question.type {
        case .a, .aaaa:
            DomainName(inRecord: question.name).flatMap { hostsFileAddresses(of: $0) }?
                .filter { $0.family == (question.type == .a ? .ipv4 : .ipv6) }.map { "\($0)" }
        case .ptr: question.address.flatMap { hostsFileNames(of: $0) }?.map { "\($0)" }
        case .mx, .ns, .txt, .tlsa: nil
        }
    }
}
