import Foundation
import Testing

/// Every mechanism, in every state of TLS, under every configuration of a virtual server, against the real processes: offered? accepted?
/// with which reply? (S08, S09, S12, S13, S14)
///
/// What must be follows from one table of configurations by the few sentences of `Expectation`.
@Suite("The real submission server: mechanism × TLS × configuration")
struct MechanismMatrixTests {
    enum Mode: String { case none, offered, required }

    struct Configuration {
        let name: String
        let mode: Mode
        var minimumBits = 0
        var basic: [String] = []
        var basicNeedsTLS = true
        var challenge: [String] = []

        func text(port: Int, securePort: Int) -> String {
            let implicit = mode == .none ? "" : ", { address: \"127.0.0.1:\(securePort)\", tls: implicit }"
            let methods =
                ["anonymous: false"]
                + (basic.isEmpty ? [] : ["basic: { mechanisms: [\(basic.joined(separator: ", "))], require_tls: \(basicNeedsTLS) }"])
                + (challenge.isEmpty ? [] : ["challenge: { mechanisms: [\(challenge.joined(separator: ", "))] }"])
            return """
                \(name):
                  role: submission
                  listen: ["127.0.0.1:\(port)"\(implicit)]
                  tls: { mode: \(mode.rawValue)\(minimumBits == 0 ? "" : ", minimum_bits: \(minimumBits)") }
                  authentication: { \(methods.joined(separator: ", ")) }
                """
        }
    }

    private static let configurations = [
        Configuration(name: "everything", mode: .required, basic: ["PLAIN", "LOGIN"], challenge: ["SCRAM-SHA-256"]),
        Configuration(name: "offered", mode: .offered, basic: ["PLAIN", "LOGIN"], challenge: ["SCRAM-SHA-256"]),
        Configuration(name: "in-clear", mode: .offered, basic: ["PLAIN"], basicNeedsTLS: false),
        Configuration(name: "without-tls", mode: .none, basic: ["LOGIN"], basicNeedsTLS: false, challenge: ["SCRAM-SHA-256"]),
        Configuration(name: "challenge-only", mode: .offered, challenge: ["SCRAM-SHA-256"]),
        Configuration(name: "basic-only", mode: .required, basic: ["PLAIN"]),
        Configuration(name: "strong", mode: .required, minimumBits: 256, basic: ["PLAIN"], challenge: ["SCRAM-SHA-256"]),
    ]

    /// Those that we can play, those that need more than is configured, and one that nobody knows.
    private static let mechanisms = ["PLAIN", "LOGIN", "SCRAM-SHA-256", "CRAM-MD5", "SCRAM-SHA-1", "NTLM", "GSSAPI", "GS2-KRB5", "BOGUS"]

    enum Channel: CaseIterable { case clear, weak, strong, implicit }

    struct Expectation {
        let isListed: Bool
        /// The reply to the right password.
        let reply: String

        init(_ mechanism: String, _ channel: Channel, _ configuration: Configuration) {
            let isClear = channel == .clear
            let isBasic = configuration.basic.contains(mechanism)
            let isConfigured = isBasic || configuration.challenge.contains(mechanism)
            if channel == .weak, configuration.minimumBits > 128 {
                (isListed, reply) = (false, "530 5.7.0")
            } else if isClear, configuration.mode == .required {
                (isListed, reply) = (false, "530 5.7.0")
            } else if isClear, isBasic, configuration.basicNeedsTLS {
                (isListed, reply) = (false, "538 5.7.11")
            } else {
                (isListed, reply) = (isConfigured, isConfigured ? "235 2.7.0" : "504 5.5.4")
            }
        }
    }

    private static func script(
        _ mechanism: String, _ channel: Channel, _ configuration: Configuration, port: Int, securePort: Int
    ) -> String {
        let expected = Expectation(mechanism, channel, configuration)
        let weakCipher = "ECDHE-ECDSA-AES128-GCM-SHA256"
        let opening =
            switch channel {
            case .clear: "S: 220"
            case .weak: "S: 220\nC: EHLO c.test\nS: 250\nC: STARTTLS\nS: 220\nTLS mx.postern.test 1.2 \(weakCipher)"
            case .strong: "S: 220\nC: EHLO c.test\nS: 250\nC: STARTTLS\nS: 220\nTLS"
            case .implicit: "TLS\nS: 220"
            }
        let wrong = expected.reply.hasPrefix("235") ? "AUTH \(mechanism) anna wrong\nS: 535 5.7.8" : ""
        return """
            @\(mechanism)-\(channel) \(channel == .implicit ? securePort : port)
            \(opening)
            C: EHLO c.test
            S: 250
            \(expected.isListed ? "HAS" : "LACKS") \(mechanism)
            \(wrong)
            AUTH \(mechanism) anna@local.test \(SubmissionUnderTest.password)
            S: \(expected.reply)
            """
    }

    @Test("each is offered, accepted and refused as the configuration says")
    func matrix() async throws {
        let ports = try Self.configurations.map { _ in (try FreePort.take(), try FreePort.take()) }
        // The others stand beside the one that every test of submission has.
        let others = zip(Self.configurations, ports).map { $0.text(port: $1.0, securePort: $1.1) }.joined(separator: "\n")
        let rest = "identity: { failures: { delay: 0s, maximum_delay: 0s, lock_after: 100000 } }"
        try await withSubmission(.init(rest: rest, otherServers: others)) { server in
            for (configuration, (port, securePort)) in zip(Self.configurations, ports) {
                for channel in Channel.allCases where configuration.mode != .none || channel == .clear {
                    let said = try await server.play(
                        Self.mechanisms.map { Self.script($0, channel, configuration, port: port, securePort: securePort) }
                            .joined(separator: "\n"))
                    #expect(said.isEmpty, "\(configuration.name), \(channel): \(said)")
                }
            }
        }
    }

    @Test("every form of the name is the same account, and a wrong one is refused like a wrong password (S09)")
    func names() async throws {
        let rest = "identity: { failures: { delay: 0s, maximum_delay: 0s, lock_after: 100000 } }"
        try await withSubmission(.init(rest: rest)) { server in
            let names = ["anna", "ANNA", "anna@local.test", "Anna@LOCAL.test", #"LOCAL.TEST\\anna"#]
            let right = names.enumerated().flatMap { index, name in
                ["PLAIN", "LOGIN"].map { mechanism in
                    """
                    @\(mechanism)-\(index) \(server.securePort)
                    TLS
                    S: 220
                    C: EHLO c.test
                    S: 250
                    AUTH \(mechanism) \(name) \(SubmissionUnderTest.password)
                    S: 235 2.7.0
                    """
                }
            }
            let wrong = ["PLAIN", "LOGIN", "SCRAM-SHA-256"].map { mechanism in
                """
                @wrong-\(mechanism) \(server.securePort)
                TLS
                S: 220
                C: EHLO c.test
                S: 250
                AUTH \(mechanism) nobody \(SubmissionUnderTest.password)
                S: 535 5.7.8
                AUTH \(mechanism) anna wrong
                S: 535 5.7.8
                AUTH \(mechanism) bert@far.test \(SubmissionUnderTest.password)
                S: 535 5.7.8
                """
            }
            let said = try await server.play((right + wrong).joined(separator: "\n"))
            #expect(said.isEmpty, "\(said)")
        }
    }
}
