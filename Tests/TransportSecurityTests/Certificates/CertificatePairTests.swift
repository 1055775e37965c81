import Foundation
import MailVocabulary
import Testing

@testable import TransportSecurity

@Suite("Pairs are read from files, and errors name the file")
struct CertificatePairTests {
    @Test("what is missing, encrypted, swapped or damaged")
    func errors() async throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        let otherKey = folder.file("other.key")
        try CertificateInstallation.write(try Lab.other.get().key, to: otherKey)
        let encrypted = folder.file("encrypted.key")
        _ = try await Program.openssl(["pkcs8", "-topk8", "-in", files.key, "-out", encrypted, "-passout", "pass:secret"])
        let damaged = try folder.write(
            Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8), to: "damaged.pem")
        let damagedKey = try folder.write(
            Array("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".utf8), to: "damaged.key")
        let huge = try folder.write([UInt8](repeating: 10, count: FileContent.limit + 1), to: "huge.pem")
        func load(_ certificate: String, _ key: String) throws {
            _ = try CertificatePair.load(CertificateFiles(certificate: certificate, key: key), now: .now())
        }
        let missing = folder.file("missing.pem")
        #expect(throws: CertificateError.cannotRead(path: missing, errorNumber: ENOENT)) { try load(missing, files.key) }
        #expect(throws: CertificateError.noCertificate(path: files.key)) { try load(files.key, files.key) }
        #expect(throws: CertificateError.noKey(path: files.certificate)) { try load(files.certificate, files.certificate) }
        #expect(throws: CertificateError.keyEncrypted(path: encrypted)) { try load(files.certificate, encrypted) }
        #expect(throws: CertificateError.keyMismatch(certificate: files.certificate, key: otherKey)) {
            try load(files.certificate, otherKey)
        }
        #expect(throws: CertificateError.malformed(path: damaged, reason: "one of its certificates cannot be read")) {
            try load(damaged, files.key)
        }
        #expect(throws: CertificateError.self) { try load(files.certificate, damagedKey) }
        #expect(throws: CertificateError.tooLarge(path: huge, limit: FileContent.limit)) { try load(huge, files.key) }
        #expect(throws: CertificateError.cannotRead(path: folder.path, errorNumber: EISDIR)) { try load(folder.path, files.key) }
    }

    @Test("an expired pair is read, with a warning")
    func expired() throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.expired.get())
        let (pair, warnings) = try CertificatePair.load(files, now: .now())
        #expect(warnings == [.expired(path: files.certificate, notAfter: pair.facts.notAfter)])
    }

    @Test("two pairs with the same kind of key are no identity")
    func twins() throws {
        #expect(throws: CertificateError.self) { try ServerIdentity([Lab.mail.get(), Lab.other.get()]) }
        #expect(throws: CertificateError.self) { try ServerIdentity([CertificatePair]()) }
    }
}
