import Foundation
import MailVocabulary
import NIOCore
import NIOPosix
import Testing

@testable import TransportSecurity

struct NotATestValue: Error {}

func host(_ text: String) throws -> PeerReference { .host(try #require(DomainName(parsing: text))) }
func address(_ text: String) throws -> PeerReference { .address(try #require(IPAddress(parsing: text))) }
func names(_ texts: String...) throws -> [CertificateName] { try texts.map { try #require(CertificateName(parsing: $0)) } }

/// One authority, and what it has signed, for all tests: making keys costs time.
enum Lab {
    static let authority = Result { try CertificateAuthority.make(commonName: "Lab", now: .now() - .seconds(3600)) }
    static let mail = Result { try authority.get().issue(names: try names("mail.example", "127.0.0.1"), now: .now() - .seconds(60)) }
    static let mailRSA = Result {
        try authority.get().issue(names: try names("mail.example"), algorithm: .rsa2048, now: .now() - .seconds(60))
    }
    static let other = Result { try authority.get().issue(names: try names("other.example"), now: .now() - .seconds(60)) }
    static let wild = Result { try authority.get().issue(names: try names("*.wild.example"), now: .now() - .seconds(60)) }
    static let expired = Result {
        try authority.get().issue(names: try names("mail.example"), lifetime: .seconds(60), now: .now() - .seconds(1800))
    }
}

/// A folder that is gone with the last reference.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    // A folder that stays behind hurts nobody.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ octets: [UInt8], to name: String) throws -> String {
        try Data(octets).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// The certificate of the lab's authority.
    func authority() throws -> String { try write(try Lab.authority.get().pair.certificate.pem, to: "ca.pem") }

    func files(_ name: String = "mail") -> CertificateFiles { CertificateFiles(certificate: file("\(name).pem"), key: file("\(name).key")) }

    @discardableResult
    func install(_ pair: CertificatePair, _ name: String = "mail") throws -> CertificateFiles {
        try CertificateInstallation.write(pair, to: files(name))
        return files(name)
    }
}

/// Waits until it is so; a loaded machine may take its time.
func eventually(_ what: String, within limit: Duration = .seconds(60), _ isSo: () -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while !isSo() {
        guard ContinuousClock.now < end else {
            Issue.record("not within \(limit): \(what)")
            throw NotATestValue()
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
