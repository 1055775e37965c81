import Foundation

/// A running Postern with an edge, a submission server with a certificate of its own making, people, and a host that mail for the rest
/// of the world goes to.
final class SubmissionUnderTest: Sendable {
    let postern: PosternUnderTest
    let world: SinkUnderTest
    /// STARTTLS.
    let port: Int
    /// TLS from the first octet.
    let securePort: Int

    static let password = "pencil and paper"

    /// What a test may say of the submission server and of the rest.
    struct Settings: Sendable {
        var tls = "{ mode: required }"
        var authentication = "{ basic: { mechanisms: [PLAIN, LOGIN] }, challenge: { mechanisms: [SCRAM-SHA-256] } }"
        var relay = "{ accounts: all }"
        /// More keys of the submission server.
        var server = ""
        /// More keys of the file.
        var rest = ""
        /// More pairs: `name: { certificate: …, key: … }`.
        var certificates = ""
        /// Other virtual servers, as they stand in the file, less their two spaces.
        var otherServers = ""
        var mailboxes = #"{ maildir: "mail/{domain}/{user}" }"#
        var domains = "{ local.test: authoritative }"
    }

    init(_ settings: Settings = .init()) async throws {
        world = try SinkUnderTest()
        (port, securePort) = (try FreePort.take(), try FreePort.take())
        postern = try PosternUnderTest(
            servers: Self.server(settings, port, securePort), rest: Self.rest(settings, world: world.port))
        try await Certificate.selfSigned(in: postern.folder, name: "mail")
    }

    /// Writes another configuration; `postern reload` takes it up.
    func write(_ settings: Settings) throws {
        try postern.write(
            edge: "", servers: Self.server(settings, port, securePort), rest: Self.rest(settings, world: world.port))
    }

    private static func server(_ settings: Settings, _ port: Int, _ securePort: Int) -> String {
        """
        clients:
          role: submission
          listen: ["127.0.0.1:\(port)", { address: "127.0.0.1:\(securePort)", tls: implicit }]
          tls: \(settings.tls)
          authentication: \(settings.authentication)
          relay: \(settings.relay)
        \(settings.server.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
        \(settings.otherServers)
        """
    }

    private static func rest(_ settings: Settings, world: Int) -> String {
        """
        domains: \(settings.domains)
        certificates:
          default: { certificate: mail.pem, key: mail.key }
        \(settings.certificates.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
        connectors:
          mailboxes: { address_spaces: [{ domain: local.test }], deliver: \(settings.mailboxes) }
          world: { address_spaces: [{ domain: "*" }], deliver: { smart_hosts: ["[127.0.0.1]:\(world)"] } }
        \(settings.rest)
        """
    }

    /// Starts everything; `anna` and `bert` of local.test have mailboxes.
    ///
    /// - Parameters:
    ///   - environment: what the daemons find in theirs besides.
    ///   - options: of `postern up`.
    ///   - launcher: a program that becomes it.
    func start(environment: [String: String] = [:], options: [String] = [], launcher: [String] = []) async throws {
        try await world.start()
        try await postern.start(environment: environment, options: options, launcher: launcher)
        for name in ["anna", "bert"] { try await postern.addUser("\(name)@local.test", password: Self.password) }
        // Only once the core has answered it, postern-auth lets anybody try.
        _ = try await eventually("people can log in; the log:\n\(postern.logText.suffix(4000))") {
            FreePort.isTaken(port) && FreePort.isTaken(securePort) && postern.logText.contains("auth is ready") ? true : nil
        }
    }

    func stop() async {
        await postern.stop()
        world.stop()
    }

    /// A message of one line, as a script: from MAIL to the answer behind its end.
    static func transaction(from sender: String, to recipients: String...) -> String {
        (["C: MAIL FROM:<\(sender)>", "S: 250"] + recipients.flatMap { ["C: RCPT TO:<\($0)>", "S: 250"] } + [
            "C: DATA", "S: 354", #"C: Subject: x\r\n\r\nx\r\n."#, "S: 250 2.0.0",
        ]).joined(separator: "\n")
    }

    /// What `dialogue.py` says of a script: nothing where all went as written.
    func play(_ script: String) async throws -> String {
        let result = try await Program.run("python3", [Program.script("dialogue"), "\(port)"], input: Data(script.utf8))
        return result.status == 0 ? "" : "\(result.errors)\n\(script)"
    }
}

/// Pairs of certificate and key, made by OpenSSL's own program.
enum Certificate {
    enum Key: String {
        case elliptic = "ec"
        case rsa = "rsa:2048"
    }

    /// Makes `NAME.pem` and `NAME.key`, or takes others in their place.
    static func selfSigned(
        in folder: TemporaryFolder, name: String, host: String = "mx.postern.test", key: Key = .elliptic, expired: Bool = false
    ) async throws {
        // Made beside what is in use, and renamed: a reader never sees half a file.
        let work = try TemporaryFolder()
        try work.write("serial.txt", "")
        try work.write("openssl.cnf", configuration(work.path, host: host))
        let (request, made) = (work.file("request").path, folder.file("new-\(name)").path)
        let keyArguments = key == .elliptic ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [key.rawValue]
        try await Program.succeed(
            "openssl",
            ["req", "-new", "-newkey"] + keyArguments + ["-nodes", "-subj", "/CN=\(host)", "-keyout", "\(made).key", "-out", request])
        // `ca` is the one command of OpenSSL 3.0 that makes certificates of the past.
        let (start, end) = expired ? ("20200101000000Z", "20200201000000Z") : ("20200101000000Z", "20490101000000Z")
        try await Program.succeed(
            "openssl",
            [
                "ca", "-batch", "-notext", "-config", work.file("openssl.cnf").path, "-selfsign", "-keyfile", "\(made).key", "-in", request,
                "-out", "\(made).pem", "-startdate", start, "-enddate", end,
            ])
        for suffix in ["key", "pem"] { rename("\(made).\(suffix)", folder.file("\(name).\(suffix)").path) }
    }

    private static func configuration(_ folder: String, host: String) -> String {
        """
        [ca]
        default_ca = self
        [self]
        database = \(folder)/serial.txt
        new_certs_dir = \(folder)
        rand_serial = yes
        default_md = sha256
        policy = any
        x509_extensions = names
        [any]
        commonName = supplied
        [names]
        subjectAltName = DNS:\(host)
        subjectKeyIdentifier = hash

        """
    }
}

extension Program {
    struct Failed: Error, CustomStringConvertible { let description: String }

    /// Runs a program that must succeed.
    @discardableResult
    static func succeed(_ name: String, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]) async throws
        -> Result
    {
        let result = try await run(name, arguments, input: input, environment: environment)
        guard result.status == 0 else {
            throw Failed(description: "\(name) \(arguments.joined(separator: " ")): \(result.status)\n\(result.text)\n\(result.errors)")
        }
        return result
    }
}

/// Runs a test against a submission server of its own, and shows its log where it fails.
func withSubmission(
    _ settings: SubmissionUnderTest.Settings = .init(), environment: [String: String] = [:], options: [String] = [],
    _ body: (SubmissionUnderTest) async throws -> Void
) async throws {
    let server = try await SubmissionUnderTest(settings)
    do {
        try await server.start(environment: environment, options: options)
        try await body(server)
    } catch {
        await server.stop()
        throw Program.Failed(description: "\(error)\nthe log:\n\(server.postern.logText.suffix(6000))")
    }
    await server.stop()
}

extension SubmissionUnderTest {
    /// What the server shows.
    var certificate: String { postern.folder.file("mail.pem").path }
}
