import Authentication
import MailVocabulary
import NIOCore
import NIOPosix
import SMTPClient

/// Logs in at one smart host with libsasl2 (RFC 4954, RFC 4422).
///
/// The library computes keys and may ask a KDC: its calls run on a few threads that all logins share. What waits for them is bounded by
/// the number of connections, and each by its deadline.
struct SASLLogin: ClientLogin {
    private static let threads: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 4)
        pool.start()
        return pool
    }()

    let credential: ClientCredential
    /// By which Kerberos knows the server.
    let hostname: DomainName
    let isAllowedInClear: Bool

    func begin(mechanisms: [String], isEncrypted: Bool, on eventLoop: any EventLoop) -> EventLoopFuture<ClientLoginBeginning> {
        Self.run(on: eventLoop) { try begin(mechanisms, isEncrypted) }
    }

    /// The best mechanism that works: one whose plug-in or ticket is missing gives way to the next.
    private func begin(_ offered: [String], _ isEncrypted: Bool) throws(ClientLoginFailure) -> ClientLoginBeginning {
        let usable: [SASLMechanism]
        do {
            usable = try MechanismChoice(allowsCleartextWithoutEncryption: isAllowedInClear)
                .mechanisms(offered: offered, credential: credential, isEncrypted: isEncrypted)
        } catch { throw ClientLoginFailure(reason: "\(error)") }
        var reasons: [String] = []
        for mechanism in usable {
            let exchange = SASLClientExchange(mechanism: mechanism, credential: credential, hostname: hostname)
            switch exchange.start() {
            case .response(let initial):
                return ClientLoginBeginning(
                    mechanism: mechanism.rawValue, initialResponse: initial, exchange: Exchange(exchange: exchange))
            case .failed(let failure): reasons.append("\(mechanism.rawValue): \(failure)")
            }
        }
        throw ClientLoginFailure(reason: reasons.joined(separator: "; "))
    }

    private struct Exchange: ClientLoginExchange {
        let exchange: SASLClientExchange

        func respond(to challenge: [UInt8], on eventLoop: any EventLoop) -> EventLoopFuture<[UInt8]> {
            SASLLogin.run(on: eventLoop) {
                switch exchange.step(challenge) {
                case .response(let response): return response ?? []
                case .failed(let failure): throw ClientLoginFailure(reason: "\(failure)")
                }
            }
        }

        func objection() -> ClientLoginFailure? { exchange.finish().map { ClientLoginFailure(reason: "\($0)") } }
    }

    private static func run<Value: Sendable>(
        on eventLoop: any EventLoop, _ work: @escaping @Sendable () throws -> Value
    ) -> EventLoopFuture<Value> {
        threads.runIfActive(eventLoop: eventLoop, work)
    }
}
