import ArgumentParser
import Foundation
import MailVocabulary
import TransportSecurity

/// `postern certificate check`
struct CertificateCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "What a client would see: chain, names, validity, key, signatures.",
        discussion: """
            Exit status 0 where clients that look are content, 1 where they refuse the certificate, or will within --days: for monitoring and \
            timers.
            """)

    @Argument(help: "The pair's name in the configuration.") var pair = "default"
    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("What clients call the server; may be repeated. Without it: the configured hostname.", valueName: "host"))
    var hosts: [String] = []
    @Option(help: ArgumentHelp("PEM of the roots that the clients trust. Without it: the system's.", valueName: "file")) var trust: String?
    @Option(help: "A certificate that has fewer days left is an error; 0 waits until it has expired.") var days = 14
    @Flag(help: "JSON Lines: one object per finding.") var json = false
    @OptionGroup var place: CertificatePlaceOptions

    func validate() throws {
        _ = try references()
        guard (0...3650).contains(days) else { throw ValidationError("--days: \(days) is not a number of days (accepted: 0 to 3650)") }
    }

    private func references() throws -> [PeerReference] {
        try hosts.map { host in
            if let address = IPAddress(parsing: host) { return .address(address) }
            if let name = DomainName(parsing: host) { return .host(name) }
            throw ValidationError("--for: '\(host)' is neither a host name nor an address")
        }
    }

    private struct FindingLine: Encodable {
        let severity, subject, message: String
    }

    func run() throws {
        let place = try place.place(pair)
        var references = try references()
        if references.isEmpty, let hostname = place.hostname { references = [.host(hostname)] }
        let now = Timestamp.now()
        let (pair, warnings) = try CertificateWriting.checked { () throws(CertificateError) in
            if let trust { _ = try CertificateInstallation.readCertificates(trust) }
            return try CertificatePair.load(place.files, now: now)
        }
        let check = CertificateCheck(pair, trust: trust.map { .file($0) } ?? .system)
        var lines = check.findings(for: references, now: now, daysNeeded: days).map {
            FindingLine(severity: $0.severity.word, subject: $0.subject.word, message: $0.text)
        }
        // The check says more about validity itself.
        for case .keyPermissions(let path, let mode) in warnings {
            lines.append(
                FindingLine(severity: "warning", subject: "key", message: "\(CertificateWarning.keyPermissions(path: path, mode: mode))"))
        }
        for line in lines {
            if json {
                StandardOutput.printJSON(try JSONLine.text(line))
            } else {
                StandardOutput.print(line.severity.padding(toLength: 9, withPad: " ", startingAt: 0) + line.message)
            }
        }
        if lines.contains(where: { $0.severity == "error" }) { throw ExitCode(1) }
    }
}
