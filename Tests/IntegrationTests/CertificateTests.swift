import Foundation
import Testing

/// `postern certificate` as an administrator types it, looked at with OpenSSL's own program.
@Suite("Certificates on the command line")
struct CertificateTests {
    private let folder: TemporaryFolder
    private var configuration: String { folder.file("postern.yaml").path }
    private var key: String { folder.file("key.pem").path }
    private var certificate: String { folder.file("cert.pem").path }
    private var authority: String { folder.file("ca").path }

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "postern.yaml",
            """
            version: 1
            hostname: mx.postern.test
            default_domain: local.test
            state_directory: state
            runtime_directory: run
            certificates:
              default: { certificate: cert.pem, key: key.pem }
            virtual_servers:
              internet: { role: edge, listen: ["127.0.0.1:2525"], tls: { certificate: default } }
            domains: { local.test: authoritative }
            connectors:
              mailboxes: { address_spaces: [{ domain: local.test }], deliver: { maildir: "mail/{domain}/{user}" } }
            """)
    }

    private func run(_ words: String, _ status: Int32 = 0, input: String = "") async throws -> Program.Result {
        let arguments = ["certificate"] + words.split(separator: " ").map(String.init) + ["--config", configuration]
        let result = try await Program.run(PosternUnderTest.postern, arguments, input: Data(input.utf8))
        #expect(result.status == status, "\(words): \(result.status) \(result.text) \(result.errors)")
        return result
    }

    private func mode(_ path: String) throws -> Int? { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int }

    @Test("request, sign, install: OpenSSL finds the name, the chain, and the key with mode 0600; check says what a client sees")
    func wholeWay() async throws {
        _ = try await Program.run(
            PosternUnderTest.postern, ["certificate", "authority", "make", authority, "--common-name", "Test authority"])
        #expect(try mode("\(authority)/ca.key") == 0o600)
        let request = try await run("request")
        #expect(request.errors.contains("the request is for mx.postern.test"), "\(request.errors)")
        #expect(try mode(key) == 0o600)
        let before = try Data(contentsOf: URL(fileURLWithPath: key))
        let read = try await Program.run("openssl", ["req", "-noout", "-verify", "-text"], input: request.output)
        #expect(read.status == 0 && read.text.contains("DNS:mx.postern.test"), "\(read)")
        // A second request is for the same key.
        _ = try await run("request --out \(folder.path)/again.csr --name mx.postern.test --name 192.0.2.1")
        #expect(try Data(contentsOf: URL(fileURLWithPath: key)) == before)

        let signed = try await Program.run(
            PosternUnderTest.postern, ["certificate", "authority", "sign", authority, "\(folder.path)/again.csr", "--days", "20"])
        #expect(signed.status == 0, "\(signed.errors)")
        let installed = try await run("install -", input: signed.text)
        #expect(installed.text.contains("mx.postern.test, 192.0.2.1"), "\(installed.text)")
        #expect(try mode(certificate) == 0o644)
        let verified = try await Program.run("openssl", ["verify", "-CAfile", "\(authority)/ca.pem", certificate])
        #expect(verified.status == 0, "\(verified)")

        let good = try await run("check --trust \(authority)/ca.pem")
        #expect(good.text.contains("good     the chain leads to a trusted root") && good.text.contains("warning  "), "\(good.text)")
        let stranger = try await run("check", 1)
        #expect(stranger.text.contains("error    the chain is not trusted"), "\(stranger.text)")
        let other = try await run("check --trust \(authority)/ca.pem --for other.test --json", 1)
        let findings = try other.text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
        }
        #expect(findings.filter { $0["severity"] == "error" }.map { $0["subject"] } == ["name"])

        let shown = try await run("show")
        #expect(shown.text.contains("for      mx.postern.test\n         192.0.2.1\n"), "\(shown.text)")
        #expect(shown.text.contains("issuer   CN=Test authority\n") && shown.text.contains(#/\((19|20) days left\)/#), "\(shown.text)")
        #expect(shown.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        let json = try JSONSerialization.jsonObject(with: try await run("show --json").output) as? [String: Any]
        #expect(json?["names"] as? [String] == ["mx.postern.test", "192.0.2.1"] && json?["key"] as? String == "ECDSA P-256")
    }

    @Test("a key is never replaced without --force; what is wrong is said in a sentence, with a status of sysexits.h")
    func refusals() async throws {
        let made = try await run("self-sign")
        #expect(made.text.contains("mx.postern.test, until "), "\(made.text)")
        let before = try Data(contentsOf: URL(fileURLWithPath: key))
        #expect(try await run("self-sign", 71).errors.contains("--force replaces it"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: key)) == before)
        let selfSigned = try await run("check", 1)
        #expect(selfSigned.text.contains("error    the certificate is self-signed"), "\(selfSigned.text)")
        _ = try await run("self-sign --force --algorithm rsa2048 --days 3")
        #expect(try Data(contentsOf: URL(fileURLWithPath: key)) != before)
        #expect(try await run("show").text.contains("key      RSA 2048"))

        // An answer for another key changes nothing.
        let chain = try Data(contentsOf: URL(fileURLWithPath: certificate))
        let foreign = "--key \(folder.path)/x.key --certificate \(folder.path)/x.pem"
        _ = try await run("self-sign \(foreign) --name x.test")
        #expect(try await run("install \(folder.path)/x.pem", 65).errors.contains("is not for the key in"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: certificate)) == chain)

        #expect(try await run("install \(folder.path)/none.pem", 74).errors.contains("No such file"))
        #expect(try await run("install \(configuration)", 65).errors.contains("there is no certificate in"))
        #expect(try await run("show nope", 78).errors.contains("there is no pair 'nope' in the table certificates (there is default)"))
        #expect(try await run("self-sign --force --name a_b..test", 64).errors.contains("neither a host name nor an address"))
        #expect(try await run("self-sign --force --days 0", 64).errors.contains("out of range"))
        #expect(try await run("self-sign --key a.key --certificate a.pem", 64).errors.contains("--name is missing"))
        let noAuthority = try await Program.run(PosternUnderTest.postern, ["certificate", "authority", "sign", folder.path, "-"])
        #expect(noAuthority.status == 74, "\(noAuthority)")
    }

    @Test("the metrics say when each certificate ends, as OpenSSL does; one that cannot be read is told of, and the others are there")
    func expiryMetric() async throws {
        let postern = try PosternUnderTest(
            edge: "tls: { mode: offered, certificate: [default, other] }",
            rest: PosternUnderTest.localDomain
                + "\ncertificates: { default: { certificate: mail.pem, key: mail.key }, other: { certificate: other.pem, key: other.key } }"
        )
        try await Certificate.selfSigned(in: postern.folder, name: "mail")
        try await Certificate.selfSigned(in: postern.folder, name: "other", key: .rsa)
        try await postern.start()
        let end = try await Program.succeed(
            "sh",
            ["-c", "date -u -d \"$(openssl x509 -in \"$0\" -noout -enddate | cut -d= -f2)\" +%s", postern.folder.file("mail.pem").path]
        ).text.trimmingCharacters(in: .whitespacesAndNewlines)
        let metrics = try await postern.postern(["metrics"])
        for name in ["default", "other"] {
            #expect(metrics.text.contains("\npostern_certificate_not_after_seconds{certificate=\"\(name)\"} \(end)\n"), "\(metrics)")
        }
        try FileManager.default.removeItem(at: postern.folder.file("other.pem"))
        let less = try await postern.postern(["metrics"])
        #expect(less.status == 0 && less.errors.contains("other.pem") && less.text.contains("{certificate=\"default\"} \(end)"), "\(less)")
        await postern.stop()
    }

    @Test("as root, new files belong to the account of run_as that reads them", .enabled(if: getuid() == 0))
    func owner() async throws {
        let text = try String(contentsOfFile: configuration, encoding: .utf8)
        try folder.write("postern.yaml", text + "\nrun_as: { edge: nobody }\n")
        _ = try await run("self-sign")
        for path in [key, certificate] {
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.ownerAccountName] as? String == "nobody", "\(path)")
        }
        #expect(try mode(key) == 0o600)
        _ = try await run("self-sign --force --group mail")
        #expect(try FileManager.default.attributesOfItem(atPath: key)[.groupOwnerAccountName] as? String == "mail")
        #expect(try mode(key) == 0o640)
    }
}
