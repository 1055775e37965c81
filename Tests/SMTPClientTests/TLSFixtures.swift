import Foundation
import MailVocabulary
import NIOCore
import SMTPProtocol
import TransportSecurity

@testable import SMTPClient

/// One authority and what it has signed, for all tests: making keys costs time.
enum Lab {
    static let authority = Result { try CertificateAuthority.make(commonName: "Lab", now: .now() - .seconds(3600)) }
    static let stranger = Result { try CertificateAuthority.make(commonName: "Stranger", now: .now() - .seconds(3600)) }
    static let good = Result { try issue("mx.test.example") }
    static let other = Result { try issue("other.test.example") }
    static let expired = Result { try issue("mx.test.example", lifetime: .seconds(60)) }
    static let address = Result { try issue("127.0.0.1") }

    private static func issue(_ name: String, lifetime: Duration = .seconds(86_400)) throws -> ServerContext {
        let pair = try authority.get().issue(names: [CertificateName(parsing: name)!], lifetime: lifetime, now: .now() - .seconds(1800))
        return try ServerContext(pair)
    }

    /// The file of an authority's certificate, for as long as the process lives.
    static let trust = Result { try file(authority.get(), "lab") }
    static let strange = Result { try file(stranger.get(), "stranger") }

    private static func file(_ authority: CertificateAuthority, _ name: String) throws -> TrustAnchors {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString).pem").path
        try Data(authority.pair.certificate.pem).write(to: URL(fileURLWithPath: path))
        return .file(path)
    }
}

let mxPeer = PeerReference.host(DomainName(parsing: "mx.test.example")!)

enum TLSMode: CaseIterable, Sendable {
    case opportunistic, required, verified
}

/// Settings of one mode, with a context of their own.
func tlsSettings(
    _ mode: TLSMode, trust: TrustAnchors? = nil, peer: PeerReference = mxPeer, login: (any ClientLogin)? = nil
) throws -> SMTPClientSettings {
    let context = try ClientContext(
        TransportSecurity.ClientSettings(verification: mode == .verified ? .required : .reported, trust: trust ?? Lab.trust.get()))
    return SMTPClientSettings(
        ourName: .name(DomainName(parsing: "us.example")!),
        tls: OutgoingTLS(context: context, peer: peer, isMandatory: mode != .opportunistic), login: login,
        timeouts: SMTPClientTimeouts(idle: .seconds(30)))
}

extension SMTPClientConnection {
    func securityFromAfar() async throws -> ConnectionSecurity? { try await eventLoop.submit { self.security }.get() }
}

/// A login by rule: what it says at first, and to each challenge; an empty list of responses gives up.
struct ScriptedLogin: ClientLogin {
    var mechanism = "PLAIN"
    var initialResponse: [UInt8]?
    var responses: [String] = []
    var isAllowedInClear = false
    var objectionAtTheEnd: String?
    var refusal: String?

    func begin(mechanisms: [String], isEncrypted: Bool, on eventLoop: any EventLoop) -> EventLoopFuture<ClientLoginBeginning> {
        guard refusal == nil, mechanisms.contains(mechanism) else {
            return eventLoop.makeFailedFuture(ClientLoginFailure(reason: refusal ?? "offered: \(mechanisms.joined(separator: " "))"))
        }
        let exchange = Exchange(left: NIOLoopBoundBox(responses, eventLoop: eventLoop), objectionAtTheEnd: objectionAtTheEnd)
        return eventLoop.submit {
            ClientLoginBeginning(mechanism: mechanism, initialResponse: initialResponse, exchange: exchange)
        }
    }

    private struct Exchange: ClientLoginExchange {
        let left: NIOLoopBoundBox<[String]>
        let objectionAtTheEnd: String?

        func respond(to challenge: [UInt8], on eventLoop: any EventLoop) -> EventLoopFuture<[UInt8]> {
            guard !left.value.isEmpty else {
                return eventLoop.makeFailedFuture(ClientLoginFailure(reason: "no answer to \(String(decoding: challenge, as: UTF8.self))"))
            }
            let response = Array(left.value.removeFirst().utf8)
            return eventLoop.submit { response }
        }

        func objection() -> ClientLoginFailure? { objectionAtTheEnd.map { ClientLoginFailure(reason: $0) } }
    }
}
