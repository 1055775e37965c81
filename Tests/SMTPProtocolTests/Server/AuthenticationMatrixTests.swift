import DialogueModel
import MailVocabulary
import SMTPProtocol
import Testing

/// Every mechanism, in every state of TLS, under every configuration: listed? accepted? what is the reply? (S08, S10, S12, S13, S14)
///
/// What must be follows from one table of configurations, by the few sentences of `Expectation`, and not from the session.
@Suite("AUTH: mechanism × TLS × configuration")
struct AuthenticationMatrixTests {
    struct Configuration: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let mode: ServerTransportSecurity.Mode
        var minimumBits: Int?
        let inClear: [SASLMechanism]
        let overTLS: [SASLMechanism]

        var settings: SMTPServerSettings {
            SMTPServerSettings(
                hostname: DomainName(parsing: "mx.test")!,
                transportSecurity: ServerTransportSecurity(mode: mode, minimumBits: minimumBits),
                authentication: ServerAuthentication(mechanismsInClear: inClear, mechanismsOverTLS: overTLS, isRequired: true))
        }
    }

    private static let strong: [SASLMechanism] = [.scramSHA256, .gssapi]

    static let configurations: [Configuration] = [
        Configuration(testDescription: "no TLS, all", mode: .none, inClear: SASLMechanism.allCases, overTLS: []),
        Configuration(testDescription: "no TLS, basic needs it", mode: .none, inClear: strong, overTLS: [.plain, .login] + strong),
        Configuration(testDescription: "offered, all", mode: .offered, inClear: SASLMechanism.allCases, overTLS: SASLMechanism.allCases),
        Configuration(
            testDescription: "offered, basic needs it", mode: .offered, inClear: strong, overTLS: [.plain, .login] + strong),
        Configuration(testDescription: "offered, only after it", mode: .offered, inClear: [], overTLS: [.plain]),
        Configuration(testDescription: "offered, 192 bits", mode: .offered, minimumBits: 192, inClear: strong, overTLS: strong),
        Configuration(testDescription: "required", mode: .required, inClear: strong, overTLS: [.plain, .login] + strong),
        Configuration(testDescription: "implicit", mode: .implicit, inClear: strong, overTLS: [.plain] + strong),
        Configuration(testDescription: "nothing at all", mode: .offered, inClear: [], overTLS: []),
    ]

    enum Channel: CaseIterable, Sendable {
        case clear, weak, strong

        var bits: Int { self == .weak ? 128 : 256 }
    }

    struct Expectation {
        let isListed: Bool
        /// The code of the reply to `AUTH mechanism`; 334 where it may be used.
        let reply: String

        init(_ mechanism: SASLMechanism, _ channel: Channel, _ configuration: Configuration) {
            let isClear = channel == .clear
            let isTooWeak = !isClear && channel.bits < configuration.minimumBits ?? 0
            let mayBeUsed = (isClear ? configuration.inClear : configuration.overTLS).contains(mechanism)
            let isMoot = isTooWeak || (isClear && configuration.mode == .required)
            isListed = mayBeUsed && !isMoot
            reply =
                if isMoot {
                    "530 5.7.0"
                } else if mayBeUsed {
                    "334"
                } else if isClear, configuration.mode == .offered, configuration.overTLS.contains(mechanism) {
                    "538 5.7.11"
                } else {
                    "504 5.5.4"
                }
        }
    }

    @Test("is listed and answered as the configuration says", arguments: configurations, Channel.allCases)
    func matrix(configuration: Configuration, channel: Channel) throws {
        switch (configuration.mode, channel) {
        case (.none, .weak), (.none, .strong), (.implicit, .clear): return
        default: break
        }
        for mechanism in SASLMechanism.allCases {
            let expectation = Expectation(mechanism, channel, configuration)
            for hasInitialResponse in [false, true] {
                var run = ServerRun(
                    settings: configuration.settings, isGreeted: false,
                    channel: SecureChannel(version: "TLSv1.3", cipher: "X", bits: channel.bits))
                if configuration.mode == .implicit {
                    run.receive(.secured(SecureChannel(version: "TLSv1.3", cipher: "X", bits: channel.bits)))
                }
                run.receive(.connected)
                if channel != .clear, configuration.mode != .implicit { run.receive("STARTTLS\r\n\u{16}") }
                let before = run.sent.count
                run.receive("EHLO c.test\r\n")
                let listed = try #require(run.sent.dropFirst(before).wholeMatch(of: /(?s)(?:.*?\r\n250[- ]AUTH ([^\r]*)\r\n.*)|.*/))
                let mechanisms = listed.1.map { $0.split(separator: " ").map(String.init) } ?? []
                #expect(mechanisms.contains(mechanism.rawValue) == expectation.isListed, "\(mechanism) in \(mechanisms)")
                // An initial response that no mechanism of the model takes for a right password.
                run.receive("AUTH \(mechanism.rawValue)\(hasInitialResponse ? " QQ==" : "")\r\n")
                let reply = hasInitialResponse && expectation.reply == "334" && mechanism == .plain ? "535 5.7.8" : expectation.reply
                #expect(run.codes.last?.hasPrefix(reply) == true, "\(mechanism): \(run.codes)")
                #expect(run.violation == nil)
            }
        }
    }

    @Test("without a login no message is taken under any of them", arguments: configurations)
    func mailNeedsLogin(configuration: Configuration) {
        var run = ServerRun(settings: configuration.settings, isGreeted: false)
        if configuration.mode == .implicit { run.receive(.secured(SecureChannel(version: "TLSv1.3", cipher: "X", bits: 256))) }
        run.receive(.connected)
        run.receive("EHLO c.test\r\nMAIL FROM:<a@x.test>\r\n")
        #expect(run.codes.last == "530 5.7.0")
        #expect(run.events.isEmpty)
    }

    @Test(
        "kind: what cannot work is not offered: a mechanism that is off is neither listed nor begun, also after STARTTLS, until it is back")
    func off() throws {
        let all = Self.configurations[2]
        for mechanism in SASLMechanism.allCases {
            var run = ServerRun(settings: all.settings, isGreeted: false)
            run.receive(.connected)
            for isBack in [false, true] {
                run.switchOff(isBack ? [] : [mechanism])
                for tls in isBack ? [""] : ["", "STARTTLS\r\n\u{16}"] {
                    if !tls.isEmpty { run.receive(tls) }
                    let before = run.sent.count
                    run.receive("EHLO c.test\r\n")
                    let line = try #require(run.sent.dropFirst(before).split(separator: "\r\n").first { $0.contains("AUTH ") })
                    let listed = Set(line.dropFirst("250-AUTH ".count).split(separator: " ").map(String.init))
                    #expect(listed == Set(SASLMechanism.allCases.filter { isBack || $0 != mechanism }.map(\.rawValue)))
                    run.receive("AUTH \(mechanism.rawValue)\r\n")
                    #expect(run.codes.last?.hasPrefix(isBack ? "334" : "504 5.5.4") == true, "\(mechanism): \(run.codes)")
                }
            }
        }
        // With all of them off there is no AUTH to speak of.
        var run = ServerRun(settings: all.settings, isGreeted: false)
        run.switchOff(Set(SASLMechanism.allCases))
        run.receive(.connected)
        run.receive("EHLO c.test\r\n")
        #expect(!run.sent.contains("AUTH"))
    }
}
