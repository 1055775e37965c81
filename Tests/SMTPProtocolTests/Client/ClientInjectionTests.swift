import MailVocabulary
import NIOCore
import Testing

@testable import SMTPProtocol

/// Replies in clear behind the 220 to STARTTLS, as an attacker between the two would slip them in: they must not be taken for what the server
/// says over TLS.
@Suite("Client session: replies behind the answer to STARTTLS")
struct ClientInjectionTests {
    private static let injections = ["250 evil\r\n", "250-evil\r\n250 AUTH PLAIN\r\n", "2", "\r\n", "\n", "\0", "421 4.3.2 bye\r\n"]

    @Test("end the connection wherever they are cut, before the handshake or in it", arguments: injections)
    func refused(injection: String) {
        for mode in [.opportunistic, .required, .verified] as [ClientSettings.TransportSecurity] {
            let rest = Array(("220 go\r\n" + injection).utf8)
            for cut in 0...rest.count {
                var session = SMTPClientSession(
                    settings: ClientSettings(ourName: .name(DomainName(parsing: "us.example")!), transportSecurity: mode))
                var actions: [SMTPClientSession.Action] = []
                // The replies must not overtake the commands.
                for line in ["220 mx\r\n", "250-mx\r\n250 STARTTLS\r\n"] { actions += session.receive(.received(ByteBuffer(string: line))) }
                for piece in [rest[..<cut], rest[cut...]] where !piece.isEmpty {
                    actions += session.receive(.received(ByteBuffer(bytes: piece)))
                }
                actions += session.receive(.secured)
                #expect(actions.contains(.failed(.plaintextInjected)), "cut at \(cut)")
                #expect(actions.last == .close && !session.isOpen)
                #expect(!actions.contains(.ready) && !session.isSecured)
                // EHLO and STARTTLS, and nothing after.
                #expect(actions.filter { if case .write = $0 { true } else { false } }.count == 2)
            }
        }
    }

    @Test("are no reason to go on in clear; a handshake that fails may be one")
    func consequences() {
        #expect(!SessionFailure.plaintextInjected.isOfTransportSecurity)
        #expect(SessionFailure.plaintextInjected.reply.isTransientFailure)
        for failure in [
            .handshakeFailed("no"), .closed(.handshake), .timedOut(.handshake), .closed(.startTLS), .startTLSRefused(Reply(454, nil, "no")),
        ] as [SessionFailure] {
            #expect(failure.isOfTransportSecurity && failure.reply.isTransientFailure)
        }
        for failure in [.closed(.hello), .authenticationNotOffered, .authenticationFailed(Reply(535, nil, "no"))] as [SessionFailure] {
            #expect(!failure.isOfTransportSecurity && failure.reply.isTransientFailure)
        }
    }

    @Test("a challenge may be longer than a reply, and has its own bound")
    func longChallenges() {
        for (length, isTaken) in [(12284, true), (12288, false)] {
            var session = SMTPClientSession(
                settings: ClientSettings(
                    ourName: .name(DomainName(parsing: "us.example")!), authentication: .required(allowedInClear: true)))
            _ = session.receive(.received(ByteBuffer(string: "220 mx\r\n")))
            _ = session.receive(.received(ByteBuffer(string: "250-mx\r\n250 AUTH GSSAPI\r\n")))
            _ = session.receive(.authenticationStart(mechanism: "GSSAPI", initialResponse: [1]))
            let actions = session.receive(.received(ByteBuffer(string: "334 " + String(repeating: "A", count: length - 4) + "\r\n")))
            if isTaken {
                #expect(actions == [.authenticationChallenge([UInt8](repeating: 0, count: (length - 4) / 4 * 3))])
            } else {
                #expect(actions.last == .close)
            }
        }
    }
}
