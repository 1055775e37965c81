import Foundation
import MailVocabulary
import Testing

@testable import TransportSecurity

/// What `postern certificate` is made of, read by OpenSSL's own programs.
@Suite("The certificate wizard")
struct WizardTests {
    @Test("a request has a good signature and all names, IDNA ones as A-labels", arguments: [PrivateKey.Algorithm.ecdsaP256, .rsa2048])
    func request(algorithm: PrivateKey.Algorithm) async throws {
        let folder = try TemporaryFolder()
        let key = try PrivateKey.make(algorithm)
        let wanted = try names("mail.example", "Bücher.example", "*.example", "192.0.2.1", "2001:db8::1")
        let request = try CertificateRequest.make(names: wanted, key: key)
        #expect(request.names == wanted)
        let path = folder.file("mail.csr")
        try CertificateInstallation.write(request, to: path)
        let text = try await Program.openssl(["req", "-in", path, "-noout", "-verify", "-text"])
        #expect(text.status == 0 && text.output.contains("verify OK"), "\(text.output)")
        for name in [
            "DNS:mail.example", "DNS:xn--bcher-kva.example", "DNS:*.example", "IP Address:192.0.2.1", "IP Address:2001:DB8:0:0:0:0:0:1",
        ] {
            #expect(text.output.contains(name), "\(name): \(text.output)")
        }
        #expect(try CertificateRequest.read(pem: request.pem).names == wanted)
    }

    @Test("openssl verify accepts what the lab's authority has signed, and what signed itself")
    func verify() async throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        let signed = try await Program.openssl(
            [
                "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "mail.example", "-CAfile", try folder.authority(),
                files.certificate,
            ])
        #expect(signed.status == 0, "\(signed.output)")
        let own = try folder.install(try CertificatePair.selfSigned(names: try names("mail.example"), now: .now() - .seconds(5)), "own")
        let selfSigned = try await Program.openssl(
            ["verify", "-verify_hostname", "mail.example", "-CAfile", own.certificate, own.certificate])
        #expect(selfSigned.status == 0, "\(selfSigned.output)")
        #expect(throws: CertificateError.noName) { try CertificatePair.selfSigned(names: [], now: .now()) }
    }

    @Test("keys are written 0600 and chains 0644, whatever the umask, and nothing else stays in the folder")
    func modes() throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        func mode(_ path: String) throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        }
        #expect(try mode(files.key) == 0o600)
        #expect(try mode(files.certificate) == 0o644)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["mail.key", "mail.pem"])
        #expect(throws: CertificateError.cannotWrite(path: "/nonexistent/a.key", errorNumber: ENOENT)) {
            try CertificateInstallation.write(try Lab.mail.get().key, to: "/nonexistent/a.key")
        }
    }

    @Test("an answer is put in order: own certificate first, the intermediate next, no root; one for another key is refused")
    func install() async throws {
        let folder = try TemporaryFolder()
        let now = Timestamp.now() - .seconds(60)
        let root = try Lab.authority.get()
        // OpenSSL makes the intermediate: our small authority signs servers only.
        _ = try folder.install(root.pair, "root")
        try await Self.makeIntermediate(folder)
        let middle = CertificateAuthority(
            try CertificatePair.load(CertificateFiles(certificate: folder.file("middle.pem"), key: folder.file("middle.key")), now: now).0)
        let key = try PrivateKey.make()
        let files = folder.files("server")
        try CertificateInstallation.write(key, to: files.key)
        let certificate = try middle.sign(try CertificateRequest.make(names: try names("mail.example"), key: key), now: now)
        let answer = root.pair.certificate.pem + middle.pair.certificate.pem + certificate.pem
        let pair = try CertificateInstallation.install(answer: answer, from: "answer.pem", files: files)
        #expect(pair.facts == certificate.facts)
        #expect(pair.intermediates.map(\.facts) == [middle.pair.facts])
        let (loaded, warnings) = try CertificatePair.load(files, now: .now())
        #expect(loaded.intermediates.count == 1 && warnings.isEmpty)
        let findings = CertificateCheck(loaded, trust: .file(try folder.authority())).findings(for: [try host("mail.example")], now: .now())
        #expect(findings.allSatisfy { $0.severity == .good }, "\(findings)")
        let incomplete = try CertificatePair(certificate: certificate, key: key)
        let chain = CertificateCheck(incomplete, trust: .file(try folder.authority())).findings(for: [], now: .now())[0]
        #expect(chain.severity == .error && chain.subject == .chain)
        #expect(throws: CertificateError.keyMismatch(certificate: "answer.pem", key: files.key)) {
            try CertificateInstallation.install(answer: root.pair.certificate.pem, from: "answer.pem", files: files)
        }
    }

    private static func makeIntermediate(_ folder: TemporaryFolder) async throws {
        let extensions = try folder.write(
            Array("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n".utf8), to: "middle.ext")
        for arguments in [
            [
                "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Middle", "-keyout", folder.file("middle.key"), "-out",
                folder.file("middle.csr"),
            ],
            [
                "x509", "-req", "-in", folder.file("middle.csr"), "-CA", folder.file("root.pem"), "-CAkey", folder.file("root.key"),
                "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out", folder.file("middle.pem"),
            ],
        ] {
            let made = try await Program.openssl(arguments)
            #expect(made.status == 0, "\(made.output)")
        }
    }

    @Test("a check finds wrong names, expiry, unknown roots, weak keys and signatures")
    func check() async throws {
        let folder = try TemporaryFolder()
        let weak = CertificateFiles(certificate: folder.file("weak.pem"), key: folder.file("weak.key"))
        let made = try await Program.openssl([
            "req", "-x509", "-newkey", "rsa:1024", "-sha1", "-nodes", "-subj", "/CN=weak.example", "-keyout", weak.key, "-out",
            weak.certificate,
            "-days", "10",
        ])
        #expect(made.status == 0, "\(made.output)")
        let pair = try CertificatePair.load(weak, now: .now()).0
        let findings = CertificateCheck(pair, trust: .file(try folder.authority())).findings(for: [try host("weak.example")], now: .now())
        let found = Dictionary(grouping: findings, by: \.subject).mapValues { $0.map(\.severity) }
        #expect(found == [.chain: [.error], .name: [.error], .validity: [.warning], .key: [.error], .signature: [.error]])
        let late = CertificateCheck(try Lab.expired.get(), trust: .file(try folder.authority())).findings(for: [], now: .now())
        #expect(late.contains { $0.severity == .error && $0.text.contains("has expired") })
    }

    @Test("what a certificate says is what openssl x509 says")
    func facts() async throws {
        let folder = try TemporaryFolder()
        let files = try folder.install(try Lab.mail.get())
        let facts = try Lab.mail.get().facts
        let text = try await Program.openssl(["x509", "-in", files.certificate, "-noout", "-fingerprint", "-sha256", "-serial"])
        #expect(text.output.contains("Fingerprint=\(facts.fingerprintSHA256)"), "\(text.output)")
        #expect(text.output.contains("serial=\(facts.serialNumber)"), "\(text.output)")
        #expect(facts.key == .ec(curve: "prime256v1", bits: 256))
        #expect(facts.signatureAlgorithm == "ecdsa-with-SHA256")
        #expect(!facts.isAuthority && !facts.isSelfIssued)
        #expect(try Lab.authority.get().pair.facts.isAuthority)
    }
}
