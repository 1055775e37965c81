import ArgumentParser
import Foundation
import MailVocabulary
import ServiceRuntime
import TransportSecurity

/// `postern certificate install`
struct CertificateInstallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install", abstract: "Install what an authority has answered.",
        discussion: """
            Finds the certificate that is for the key, puts those that vouch for it in order, leaves out the root, and writes the chain (0644). \
            An answer that is not for the key changes nothing.
            """)

    @Argument(help: "The answer in PEM, certificates in any order; - reads standard input.") var answer: String
    @Argument(help: "The pair's name in the configuration.") var pair = "default"
    @OptionGroup var place: CertificatePlaceOptions

    func run() throws {
        let place = try place.place(pair)
        let octets = try PEMInput.read(answer)
        let source = answer == "-" ? "standard input" : answer
        let pair = try CertificateWriting.checked { () throws(CertificateError) in
            try CertificateInstallation.install(answer: octets, from: source, files: place.files)
        }
        let isOneFile = place.files.key == place.files.certificate
        try CertificateWriting.giveAway(place, key: isOneFile, certificate: true, group: nil)
        let names = pair.facts.names.map(\.description).joined(separator: ", ")
        let above = pair.intermediates.count
        StandardOutput.print(
            "installed in \(place.files.certificate): \(names), until \(pair.facts.notAfter.day)"
                + (above == 0 ? "" : ", with \(above) \(above == 1 ? "certificate" : "certificates") above it"))
        for finding in CertificateCheck(pair).findings(for: place.hostname.map { [.host($0)] } ?? [], now: .now())
        where finding.severity != .good {
            Environment.printError("postern: note: to a client with the system's roots, \(finding.text)")
        }
    }
}

/// A text of PEM that a person hands over.
enum PEMInput {
    private static let limit = 1 << 20

    static func read(_ path: String) throws -> [UInt8] {
        let data: Data
        do {
            let handle = path == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            data = try readAll(handle)
        } catch {
            Environment.printError("postern: cannot read \(path): \(SystemReason.text(ofErrorNumber: errno))")
            throw ExitCode(ExitStatus.inputOutput.rawValue)
        }
        guard data.count <= limit else {
            Environment.printError("postern: \(path) is larger than \(limit) octets, which no certificate or request is")
            throw ExitCode(ExitStatus.dataError.rawValue)
        }
        return Array(data)
    }

    /// No more than shows that it is too long.
    private static func readAll(_ handle: FileHandle) throws -> Data {
        var data = Data()
        while data.count <= limit, let part = try handle.read(upToCount: 65_536), !part.isEmpty { data += part }
        return data
    }
}

extension Timestamp {
    /// `2026-11-24`
    var day: Substring { description.prefix(10) }
}

extension CertificateFinding.Severity {
    var word: String {
        switch self {
        case .good: "good"
        case .warning: "warning"
        case .error: "error"
        }
    }
}

extension CertificateFinding.Subject {
    var word: String {
        switch self {
        case .chain: "chain"
        case .name: "name"
        case .validity: "validity"
        case .key: "key"
        case .signature: "signature"
        }
    }
}
