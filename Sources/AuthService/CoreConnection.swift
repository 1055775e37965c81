import CoreLink
import MailVocabulary
import NIOCore
import ServiceRuntime

/// The connection to the core that all exchanges of this process share, each under its own number. Confined to its event loop.
///
/// It stays open for as long as the process: the tokens that were issued over it end with it. Where it ends by itself, as when the core
/// starts again, the next question opens another.
final class CoreConnection {
    typealias Request = AuthenticationLink.Request
    typealias Response = AuthenticationLink.Response
    typealias Answer = Result<Response, Failure>

    /// The core could not be asked; for the log, in one line.
    struct Failure: Error {
        let reason: String
    }

    /// What the core may take to answer; beyond, the exchange fails for now.
    private static let deadline = TimeAmount.seconds(10)

    private struct Question {
        let answer: (Answer) -> Void
        let timer: Scheduled<Void>
    }

    let eventLoop: any EventLoop
    /// The revision that this process runs with.
    var revision: String
    private let address: LinkAddress
    private let holder = HolderIdentity.make()
    private var client: LinkClient<AuthenticationLink>?
    /// What waits for the connection to be made; nil where none is being made. Bounded by the exchanges that may be open.
    private var waiting: [() -> Void]?
    private var questions: [AuthenticationLink.ExchangeID: Question] = [:]
    private var lastExchange: AuthenticationLink.ExchangeID = 0

    init(to address: LinkAddress, revision: String, on eventLoop: any EventLoop) {
        (self.address, self.revision, self.eventLoop) = (address, revision, eventLoop)
    }

    /// A number for a new exchange; the decoys' secret is asked for as number 0.
    func nextExchange() -> AuthenticationLink.ExchangeID {
        lastExchange += 1
        return lastExchange
    }

    /// Says something that has no answer. It is with the kernel when this returns, where the connection stands.
    func tell(_ request: Request) {
        guard let client else { return }
        client.connection.send(request)
        client.connection.flush()
    }

    /// Asks something in an exchange, one question at a time. The answer comes once, on the event loop, perhaps at once.
    func ask(_ request: Request, in exchange: AuthenticationLink.ExchangeID, answer: @escaping (Answer) -> Void) {
        guard client == nil else { return send(request, exchange, answer) }
        let isConnecting = waiting != nil
        guard (waiting?.count ?? 0) < AuthenticationLink.maximumExchanges else {
            return answer(.failure(Failure(reason: "too many logins wait for the core")))
        }
        waiting =
            (waiting ?? []) + [
                { [self] in
                    if client == nil {
                        answer(.failure(Failure(reason: "the core cannot be reached")))
                    } else {
                        send(request, exchange, answer)
                    }
                }
            ]
        if !isConnecting { connect() }
    }

    private func connect() {
        LinkClient<AuthenticationLink>.connect(to: address, holder: holder, revision: revision, on: eventLoop) { [self] result in
            if case .success(let client) = result {
                self.client = client
                client.connection.onMessage = { [self] in received($0) }
                client.connection.onClosed = { [self] in lost($0) }
            }
            let callers = waiting ?? []
            waiting = nil
            for caller in callers { caller() }
        }
    }

    private func send(_ request: Request, _ exchange: AuthenticationLink.ExchangeID, _ answer: @escaping (Answer) -> Void) {
        guard questions[exchange] == nil else { return answer(.failure(Failure(reason: "two questions in one exchange"))) }
        let timer = eventLoop.assumeIsolated().scheduleTask(in: Self.deadline) { [weak self] in
            guard let question = self?.questions.removeValue(forKey: exchange) else { return }
            question.answer(.failure(Failure(reason: "the core does not answer")))
        }
        questions[exchange] = Question(answer: answer, timer: timer)
        tell(request)
    }

    private func received(_ response: Response) {
        // One that comes too late is for nobody.
        guard let question = questions.removeValue(forKey: response.exchange ?? 0) else { return }
        question.timer.cancel()
        question.answer(.success(response))
    }

    private func lost(_ error: LinkError) {
        client = nil
        let open = questions
        questions = [:]
        for question in open.values {
            question.timer.cancel()
            question.answer(.failure(Failure(reason: "the core went away: \(error)")))
        }
    }
}
