import MailVocabulary
import NameResolution
import Topology
import TransportSecurity

/// Goes the way that mail to a domain would go, up to the recipient, and says where it ends (S31). Sends no message.
struct Probe {
    let looking: LookingUp
    /// Our name in EHLO.
    let hostname: String
    let port: UInt16
    let from: EmailAddress?
    let to: EmailAddress?
    let timeout: Duration
    private(set) var report = ProbeReport()

    /// Of a domain with twenty exchangers one need not wait for all.
    private static let mostHosts = 5
    private static let mostAddresses = 3

    init(
        _ looking: LookingUp, hostname: String, port: UInt16, from: EmailAddress?, to: EmailAddress?, timeout: Duration,
        show: ((ProbeReport.Stage) -> Void)?
    ) {
        (self.looking, self.hostname, self.port, self.from, self.to, self.timeout) = (looking, hostname, port, from, to, timeout)
        report.show = show
    }

    // MARK: DNS

    /// By the domain's MX records.
    mutating func run(domain: DomainName) async throws {
        for kind in [DNSQuestion.Kind.ns, .mx] { note(await looking.ask(DNSQuestion(kind, name: domain.text)), at: "") }
        switch try await looking.mailExchangers(of: domain) {
        case .hosts(let hosts):
            if hosts.contains(where: { $0.host.text == hostname }) {
                report.verdict = "The mail exchangers of \(domain) are ourselves (\(hostname)): mail for it is ours, or would come back."
                return
            }
            try await run(hosts: hosts.map(\.host), of: "\(domain)")
        case .implicit: try await run(hosts: [domain], of: "\(domain)")
        case .nullMX: report.verdict = "\(domain) says with a null MX record that it takes no mail (RFC 7505)."
        case .noSuchDomain: report.verdict = "There is no domain \(domain)."
        case .noHost: report.verdict = "The MX records of \(domain) name no host that can exist."
        case .transientFailure(let failure):
            report.isTransient = true
            report.verdict = "DNS does not tell where mail for \(domain) goes: \(failure). Mail waits until it does."
        }
    }

    private mutating func note(_ answer: DNSAnswer, at host: String) {
        let isGood: Bool
        if case .failure = answer.answer { isGood = false } else { isGood = true }
        report.add(
            answer.question.kind.rawValue.uppercased(), at: host, isGood: isGood, ["\(answer.outcome)"] + answer.records.prefix(20),
            seconds: answer.seconds)
    }

    /// One host after the other, as delivery does, until one takes the recipient or refuses it for good.
    mutating func run(hosts: [DomainName], of destination: String) async throws {
        for host in hosts.prefix(Self.mostHosts) {
            for kind in [DNSQuestion.Kind.a, .aaaa] { note(await looking.ask(DNSQuestion(kind, name: host.text)), at: "\(host)") }
            let tlsa = await looking.ask(DNSQuestion(.tlsa, name: "_\(port)._tcp.\(host)"))
            note(tlsa, at: "\(host)")
            switch try await looking.addresses(of: host) {
            case .addresses(let addresses):
                for address in addresses.prefix(Self.mostAddresses) {
                    if run(address: address, host: host) { return }
                }
            case .noAddress: end("\(host) has no address.")
            case .noSuchDomain: end("\(host), a mail exchanger of \(destination), does not exist.")
            case .transientFailure(let failure): end("DNS does not tell the addresses of \(host): \(failure).", isTransient: true)
            }
        }
    }

    private mutating func end(_ verdict: String, isTransient: Bool = false) {
        report.verdict = verdict
        report.isTransient = isTransient
    }

    // MARK: SMTP

    /// - Returns: whether no other host need be tried.
    mutating func run(address: IPAddress, host: DomainName?) -> Bool {
        let name = host.map { "\($0)" } ?? "\(address)"
        let place = "\(address):\(port)"
        let (port, timeout) = (port, timeout)
        var step = "TCP"
        do throws(ProbeConnection.Failure) {
            let connection = try timed(step, place) { () throws(ProbeConnection.Failure) in
                (try ProbeConnection(to: address, port: port, timeout: timeout), ["connected"], true)
            }
            step = "banner"
            let banner = try timed(step, place) { () throws(ProbeConnection.Failure) in Self.outcome(try connection.answer()) }
            guard banner.isPositive else { return ended(name, "greeted with", banner) }
            step = "EHLO"
            var hello = try timed(step, place) { [hostname] () throws(ProbeConnection.Failure) in
                Self.outcome(try connection.say("EHLO \(hostname)"))
            }
            guard hello.isPositive else { return ended(name, "answered to EHLO", hello) }
            if hello.lines.contains(where: { $0.dropFirst(4).uppercased() == "STARTTLS" }) {
                step = "STARTTLS"
                try startTLS(connection, host: host, address: address, place)
                step = "EHLO over TLS"
                hello = try timed(step, place) { [hostname] () throws(ProbeConnection.Failure) in
                    Self.outcome(try connection.say("EHLO \(hostname)"))
                }
            } else {
                report.add("STARTTLS", at: place, ["not offered: mail would go in clear"], seconds: 0)
            }
            guard from != nil || to != nil else {
                _ = try connection.say("QUIT")
                report.isDeliverable = true
                report.verdict = "\(name) (\(address)) answers as it should. With --from and --to it is asked about a recipient, too."
                return true
            }
            step = "MAIL"
            let mail = try timed(step, place) { [from] () throws(ProbeConnection.Failure) in
                Self.outcome(try connection.say("MAIL FROM:<\(from.map { "\($0)" } ?? "")>"))
            }
            guard mail.isPositive else { return ended(name, "answered to MAIL", mail) }
            if let to {
                step = "RCPT"
                let recipient = try timed(step, place) { () throws(ProbeConnection.Failure) in
                    Self.outcome(try connection.say("RCPT TO:<\(to)>"))
                }
                guard recipient.isPositive else { return ended(name, "answered to RCPT", recipient) }
            }
            _ = try connection.say("RSET")
            _ = try connection.say("QUIT")
            report.isDeliverable = true
            report.verdict = "\(name) (\(address)) takes mail" + (to.map { " for \($0)" } ?? "") + ". Nothing was sent."
            return true
        } catch {
            report.add(step, at: place, isGood: false, [error.reason], seconds: 0)
            let failing = step == "TCP" ? "could not be reached at port \(port)" : "was reached, and \(step) came to nothing"
            end("\(name) (\(address)) \(failing): \(error.reason).", isTransient: true)
            return false
        }
    }

    private mutating func startTLS(
        _ connection: ProbeConnection, host: DomainName?, address: IPAddress, _ place: String
    ) throws(ProbeConnection.Failure) {
        let answer = try connection.say("STARTTLS")
        guard answer.isPositive else {
            report.add("STARTTLS", at: place, isGood: false, [answer.text], seconds: 0)
            return
        }
        let context: ClientContext
        do throws(TLSError) { context = try ClientContext(ClientSettings(verification: .reported, rememberedSessions: 0)) } catch {
            throw ProbeConnection.Failure(reason: "\(error)")
        }
        let start = ContinuousClock.now
        let handshake = try connection.startTLS(context, peer: host.map { .host($0) } ?? .address(address))
        var found = ["\(handshake.channel.version), \(handshake.channel.cipher), \(handshake.channel.bits) bits"]
        if let facts = handshake.peerCertificate {
            found.append("certificate of \(facts.subject.isEmpty ? "nobody" : facts.subject), by \(facts.issuer)")
            if !facts.names.isEmpty { found.append("for " + facts.names.prefix(10).map { "\($0)" }.joined(separator: ", ")) }
            let days = facts.daysLeft(at: .now())
            found.append(days < 0 ? "expired \(-days) days ago" : "expires in \(days) days")
        }
        let isVerified = handshake.verification?.isVerified ?? false
        found.append(isVerified ? "chain and name verify" : "not verified: \(handshake.verification.map { "\($0)" } ?? "no certificate")")
        report.add("TLS", at: place, isGood: isVerified, found, seconds: (ContinuousClock.now - start).inSeconds)
    }

    private static func outcome(_ answer: ProbeConnection.Answer) -> (ProbeConnection.Answer, [String], Bool) {
        (answer, answer.lines, answer.isPositive)
    }

    private mutating func timed<Value>(
        _ stage: String, _ place: String, _ body: () throws(ProbeConnection.Failure) -> (Value, [String], Bool)
    ) throws(ProbeConnection.Failure) -> Value {
        let start = ContinuousClock.now
        let (value, found, isGood) = try body()
        report.add(stage, at: place, isGood: isGood, found, seconds: (ContinuousClock.now - start).inSeconds)
        return value
    }

    /// - Returns: whether that is the last word: a permanent refusal is, a transient one may be another host's to mend.
    private mutating func ended(_ name: String, _ what: String, _ answer: ProbeConnection.Answer) -> Bool {
        let isPermanent = answer.code >= 500
        end(
            "\(name) \(what) \(answer.text): "
                + (isPermanent
                    ? "it refuses this for good, and mail would go back to its sender." : "it asks to come again later, and mail waits."),
            isTransient: !isPermanent)
        return isPermanent
    }
}
