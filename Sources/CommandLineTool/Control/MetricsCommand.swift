import ArgumentParser
import CoreLink
import MailVocabulary
import Topology
import TopologyFile
import TransportSecurity

/// `postern metrics`
struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "Counters and gauges in the Prometheus text format.",
        discussion: "What the core counts, and when the certificates of the configuration end, as their files say.")

    @OptionGroup var file: ConfigurationOption

    func run() async throws {
        for text in try await ControlClient(file).objects(ControlRequest(.metrics)) { StandardOutput.print(text, terminator: "") }
        // The core has no certificates, and nothing to do with them.
        guard case .loaded(let topology, _) = TopologyFile.load(path: file.path) else { return }
        StandardOutput.print(Self.certificates(topology.certificates), terminator: "")
    }

    /// One gauge for each certificate; none where its file cannot be read, and that is said.
    static func certificates(_ certificates: [String: ConfiguredCertificate]) -> String {
        let rows = certificates.sorted { $0.key < $1.key }.compactMap { name, files -> String? in
            do throws(CertificateError) {
                let end = try Certificate.first(inFile: files.certificate).facts.notAfter.seconds
                return "postern_certificate_not_after_seconds{certificate=\"\(name)\"} \(end)\n"
            } catch {
                Environment.printError("postern: \(error)")
                return nil
            }
        }
        if rows.isEmpty { return "" }
        return "# HELP postern_certificate_not_after_seconds When a certificate of the configuration ends, in seconds since 1970.\n"
            + "# TYPE postern_certificate_not_after_seconds gauge\n" + rows.joined()
    }
}
