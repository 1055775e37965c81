import ArgumentParser
import NameResolution

/// `postern dns` (S32)
struct DNSCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns", abstract: "Ask the DNS as delivery does, or print the records that this system needs.",
        discussion: """
            Names are asked of the resolver of the configuration; without one, of the system's. Nothing is validated unless resolver.dnssec \
            names a trust anchor or --trust-anchor gives one. Exit status 0 with records, 1 without, 75 where the DNS does not answer.
            """,
        subcommands: [
            DNSQuestionCommand<MXQuestion>.self, DNSQuestionCommand<AQuestion>.self, DNSQuestionCommand<AAAAQuestion>.self,
            DNSQuestionCommand<PTRQuestion>.self, DNSQuestionCommand<TLSAQuestion>.self, DNSQuestionCommand<NSQuestion>.self,
            DNSQuestionCommand<TXTQuestion>.self, DNSRecordsCommand.self,
        ])
}

/// One word of `postern dns`, and what stands behind it.
protocol DNSQuestionKind: Sendable {
    static var type: RecordType { get }
    static var abstract: String { get }
}

extension DNSQuestionKind {
    static var word: String { type.word.lowercased() }
}
