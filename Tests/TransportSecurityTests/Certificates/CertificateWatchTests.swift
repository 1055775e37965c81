import Foundation
import MailVocabulary
import Testing

@testable import TransportSecurity

@Suite("Certificate files are watched")
struct CertificateWatchTests {
    @Test("a renewal that replaces the certificate first is refused once, and taken up when the key has come")
    func renewal() throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        var watch = try CertificateWatch([files], now: .now())
        #expect(watch.poll(now: .now()) == [])
        let next = try Lab.other.get()
        _ = try folder.write(next.certificate.pem, to: "mail.pem")
        let refused = CertificateWatch.Event.refused(
            files: files, .keyMismatch(certificate: files.certificate, key: files.key))
        #expect(watch.poll(now: .now()) == [refused])
        #expect(watch.poll(now: .now()) == [])
        #expect(watch.poll(now: .now() + .seconds(10)) == [])
        #expect(watch.pair(files)?.facts == (try Lab.mail.get().facts))
        try CertificateInstallation.write(next.key, to: files.key)
        #expect(watch.poll(now: .now()) == [.renewed(files: files, next.facts)])
        #expect(watch.pair(files)?.facts == next.facts)
        #expect(watch.expiry.map(\.facts) == [next.facts])
    }

    @Test("a file that is gone or empty is refused once, and nothing is said when the old content comes back")
    func gone() throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        var watch = try CertificateWatch([files], now: .now())
        try FileManager.default.removeItem(atPath: files.key)
        #expect(watch.poll(now: .now()) == [.refused(files: files, .cannotRead(path: files.key, errorNumber: ENOENT))])
        #expect(watch.poll(now: .now()) == [])
        try CertificateInstallation.write(try Lab.mail.get(), to: files)
        #expect(watch.poll(now: .now()) == [])
        _ = try folder.write([], to: "mail.pem")
        #expect(watch.poll(now: .now()) == [.refused(files: files, .noCertificate(path: files.certificate))])
    }

    @Test("expiry is told once a day from 30 days on, and every day afterwards")
    func calendar() throws {
        let folder = try TemporaryFolder()
        let start = Timestamp(seconds: Timestamp.now().seconds)
        let day = Duration.seconds(86_400)
        let pair = try CertificatePair.selfSigned(names: try names("mail.example"), lifetime: day * 60, now: start)
        let files = try folder.install(pair)
        var watch = try CertificateWatch([files], now: start)
        let end = pair.facts.notAfter
        #expect(watch.poll(now: start + day * 29) == [])
        #expect(watch.poll(now: end - day * 30 + .seconds(1)) == [.expires(files: files, inDays: 29, notAfter: end)])
        #expect(watch.poll(now: end - day * 30 + .seconds(3600)) == [])
        #expect(watch.poll(now: end - day * 29 + .seconds(1)) == [.expires(files: files, inDays: 28, notAfter: end)])
        #expect(watch.poll(now: end + .seconds(1)) == [.expired(files: files, notAfter: end)])
        #expect(watch.poll(now: end + .seconds(60)) == [])
        #expect(watch.poll(now: end + day + .seconds(1)) == [.expired(files: files, notAfter: end)])
    }

    @Test("kind: a reload says nothing again that was said of the same certificate")
    func reloads() throws {
        let folder = try TemporaryFolder()
        let start = Timestamp(seconds: Timestamp.now().seconds)
        let pair = try CertificatePair.selfSigned(names: try names("mail.example"), lifetime: .seconds(86_400) * 9, now: start)
        let files = try folder.install(pair)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.key)
        var watch = try CertificateWatch([files], now: start)
        #expect(watch.poll(now: start).count == 2)
        for second in 1...20 {
            let now = start + .seconds(30 * second)
            watch = try CertificateWatch([files], after: watch, now: now)
            #expect(watch.poll(now: now) == [])
        }
        // Another certificate in the same files is spoken of.
        let next = try CertificatePair.selfSigned(names: try names("mail.example"), lifetime: .seconds(86_400) * 5, now: start)
        _ = try folder.install(next)
        watch = try CertificateWatch([files], after: watch, now: start + .seconds(700))
        #expect(watch.poll(now: start + .seconds(700)).contains { if case .expires = $0 { true } else { false } })
    }

    @Test("a key that others can read is used with a warning, said once")
    func permissions() throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: files.key)
        var watch = try CertificateWatch([files], now: .now())
        #expect(watch.poll(now: .now()) == [.warning(files: files, .keyPermissions(path: files.key, mode: 0o644))])
        #expect(watch.poll(now: .now()) == [])
    }
}
