import MailVocabulary
import NIOCore
import NameResolution
import SMTPProtocol
import Topology
import TransportSecurity

/// An SMTP session with one address that delivers nothing: never DATA (S31).
struct ProbeDialogue: Sendable {
    struct Settings: Sendable {
        let ourName: String
        let useHELO: Bool
        let tls: ConnectorTLS
        /// Nil where the connector wants no TLS.
        let context: TransportSecurity.ClientContext?
        /// The reverse-path and the recipient; nil: none is tried.
        let envelope: ProbeEnvelope?
        let stageTimeout: Duration
        /// The end of the whole probe.
        let end: ContinuousClock.Instant
    }

    let settings: Settings
    let candidate: NextHopCandidate
    let port: Int
    let source: IPAddress?
    let eventLoop: any EventLoop

    private(set) var result: ProbedAddress

    init(_ settings: Settings, to candidate: NextHopCandidate, port: Int, from source: IPAddress?, on eventLoop: any EventLoop) {
        (self.settings, self.candidate, self.port, self.source, self.eventLoop) = (settings, candidate, port, source, eventLoop)
        result = ProbedAddress(host: candidate.host?.text ?? "\(candidate.address)", address: "\(candidate.address)", port: port)
    }

    mutating func run() async -> ProbedAddress {
        if await session(allowsTLS: settings.context != nil) == .againInClear { _ = await session(allowsTLS: false) }
        return result
    }

    private enum End { case over, againInClear }

    private mutating func session(allowsTLS: Bool) async -> End {
        guard let connection = await connect() else { return .over }
        defer { connection.close() }
        guard await command(.banner, nil, connection) != nil else { return .over }
        guard let extensions = await hello(.hello, connection) else { return .over }
        if allowsTLS {
            switch await secure(connection, extensions) {
            case .secured: guard await hello(.helloAgain, connection) != nil else { return .over }
            case .inClear: break
            case .broken: return settings.tls == .opportunistic ? .againInClear : .over
            }
        }
        if let envelope = settings.envelope {
            let parameters = envelope.needsUTF8 && extensions.contains { $0.uppercased() == "SMTPUTF8" } ? " SMTPUTF8" : ""
            if await command(.mail, "MAIL FROM:<\(envelope.sender)>\(parameters)", connection) != nil {
                _ = await command(.recipient, "RCPT TO:<\(envelope.recipient)>", connection)
            }
            await sayQuietly("RSET", connection)
        }
        await sayQuietly("QUIT", connection)
        return .over
    }

    private mutating func connect() async -> ProbeConnection? {
        await stage(.connect) { [candidate, port, source, eventLoop] limit throws(ProbeFailure) in
            (
                try await ProbeConnection.open(to: candidate.address, port: port, from: source, within: limit, on: eventLoop), .passed, []
            )
        }
    }

    /// The keywords of the extensions; of HELO, none.
    private mutating func hello(_ kind: ProbeStage.Kind, _ connection: ProbeConnection) async -> [String]? {
        let verb = settings.useHELO ? "HELO" : "EHLO"
        guard let reply = await command(kind, "\(verb) \(settings.ourName)", connection) else { return nil }
        return reply.lines.dropFirst().map { $0.trimmingPrefix(" ").description }
    }

    private mutating func command(_ kind: ProbeStage.Kind, _ line: String?, _ connection: ProbeConnection) async -> RemoteReply? {
        await stage(kind) { limit throws(ProbeFailure) in
            let reply = try await connection.reply(to: line, within: limit)
            return (reply, reply.isPositive ? .passed : .answered(reply.reply), ProbeNotes.of(reply, at: kind))
        }
    }

    private enum Security { case secured, inClear, broken }

    private mutating func secure(_ connection: ProbeConnection, _ extensions: [String]) async -> Security {
        let isCondition = settings.tls == .required || settings.tls == .verified
        guard extensions.contains(where: { $0.uppercased() == "STARTTLS" }), let context = settings.context else {
            guard isCondition else { return .inClear }
            result.stages.append(ProbeStage(kind: .startTLS, duration: .zero, outcome: .failed(.notOffered), notes: []))
            return .broken
        }
        guard await command(.startTLS, "STARTTLS", connection) != nil else { return tolerated(isCondition) }
        let peer = candidate.host.map { PeerReference.host($0) } ?? .address(candidate.address)
        let handshake: TLSHandshake? = await stage(.tls) { [settings] limit throws(ProbeFailure) in
            let handshake = try await connection.secure(context, peer: peer, within: limit)
            var outcome = ProbeStage.Outcome.passed
            if settings.tls == .verified, let verification = handshake.verification, !verification.isVerified {
                outcome = .failed(.notVerified("\(verification)"))
            }
            return (handshake, outcome, ProbeNotes.of(handshake, now: .now()))
        }
        guard let handshake else { return tolerated(isCondition) }
        (result.certificate, result.verification) = (handshake.peerCertificate, handshake.verification)
        return .secured
    }

    private mutating func tolerated(_ isCondition: Bool) -> Security {
        if !isCondition, let last = result.stages.indices.last {
            result.stages[last].isTolerated = true
        }
        return .broken
    }

    /// Runs a stage in the time that it has.
    ///
    /// - Returns: nil where it did not pass.
    private mutating func stage<Value: Sendable>(
        _ kind: ProbeStage.Kind, _ body: (Duration) async throws(ProbeFailure) -> (Value, ProbeStage.Outcome, [String])
    ) async -> Value? {
        let start = ContinuousClock.now
        let limit = min(settings.stageTimeout, settings.end - start)
        do throws(ProbeFailure) {
            guard limit > .zero else { throw .outOfTime }
            let (value, outcome, notes) = try await body(limit)
            let stage = ProbeStage(kind: kind, duration: ContinuousClock.now - start, outcome: outcome, notes: notes)
            result.stages.append(stage)
            return stage.isPassed ? value : nil
        } catch {
            result.stages.append(ProbeStage(kind: kind, duration: ContinuousClock.now - start, outcome: .failed(error), notes: []))
            return nil
        }
    }

    /// Good manners at the end; what becomes of it changes nothing.
    private func sayQuietly(_ line: String, _ connection: ProbeConnection) async {
        let limit = min(settings.stageTimeout, max(settings.end - ContinuousClock.now, .milliseconds(100)))
        _ = try? await connection.reply(to: line, within: limit)  // The session is over either way.
    }
}

/// Sender and recipient that are tried.
struct ProbeEnvelope: Hashable, Sendable {
    /// Empty for the null reverse-path.
    let sender: String
    let recipient: String

    var needsUTF8: Bool { (sender + recipient).utf8.contains { $0 >= 0x80 } }
}
