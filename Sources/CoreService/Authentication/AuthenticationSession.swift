import CoreLink
import Directory
import Logging
import MailVocabulary
import NIOCore
import Topology

/// The core's end of a connection of `postern-auth`: admits exchanges, tells what one login name is checked against, counts what fails, and
/// issues tokens for accounts that have proven themselves. Confined to the core's event loop.
///
/// What is open when the connection ends has failed: the process died under it, or was killed.
final class AuthenticationSession {
    typealias Connection = LinkChannel<AuthenticationLink.Request, AuthenticationLink.Response>

    private struct Exchange {
        let facts: LoginFacts
        let mechanism: SASLMechanism
        /// The name that was looked up: as asked for, as failures are counted, and the key of its credential where there is one.
        var lookup: (asked: String, key: String, loginKey: String?)?
        /// A C library reads what the client sent.
        var isBeingRead = true
    }

    private let core: Core
    private let connection: Connection
    private let issuer: SessionTokens.Issuer
    private var exchanges: [AuthenticationLink.ExchangeID: Exchange] = [:]
    /// Nothing is asked over it: `postern-auth` has it to hear of the core's end, and of a new configuration.
    private var isStanding = true

    /// Of its peer's hello: names the process.
    private let holder: UInt64

    init(core: Core, connection: Connection, holder: UInt64 = 0) {
        self.holder = holder
        (self.core, self.connection, issuer) = (core, connection, core.tokens.newIssuer())
        connection.onMessage = { [self] in received($0) }
        connection.onClosed = { [self] _ in ended() }
        core.begin(self)
    }

    private func received(_ request: AuthenticationLink.Request) {
        switch request {
        case .unusable, .report: break
        default: isStanding = false
        }
        switch request {
        case .begin(let id, let facts, let mechanism): connection.send(begin(id, facts, mechanism))
        case .reading(let id, let isBeingRead): exchanges[id]?.isBeingRead = isBeingRead
        case .credential(let id, let loginName, let key): connection.send(credential(id, of: loginName, key: key))
        case .succeeded(let id, let loginName, let key): connection.send(succeeded(id, loginName, key: key))
        case .failed(let id, let key, let failure): connection.send(failed(id, key: key, failure))
        case .cancelled(let id): exchanges[id] = nil
        case .decoySecret: connection.send(.decoySecret(ByteBuffer(bytes: core.directory.decoySecret)))
        case .unusable(let mechanisms): core.outages.report(mechanisms)
        case .report(let report): core.daemons.say(report, .auth, holder: holder, over: self)
        }
    }

    /// The configuration has changed: `postern-auth` learns of it when its standing connection comes back. That with the exchanges stays, as
    /// tokens end with it.
    func retire() {
        if isStanding { connection.close() }
    }

    // MARK: An exchange begins

    private func begin(
        _ id: AuthenticationLink.ExchangeID, _ facts: LoginFacts, _ mechanism: SASLMechanism
    ) -> AuthenticationLink.Response {
        guard exchanges[id] == nil else { return .refused(id, .outOfOrder) }
        guard offers(mechanism, facts.virtualServer) else { return .refused(id, .notOffered) }
        let now = Timestamp.now()
        guard !core.logins.crashes.isOff(mechanism, now: now) else { return .refused(id, .mechanismIsOff) }
        if case .refuse(let scope, _, let wait) = core.logins.throttle.admit(from: facts.clientAddress, account: nil, now: now) {
            return .locked(id, scope, wait: wait)
        }
        switch core.logins.allowance.take(from: ClientNetwork(facts.clientAddress), now: .now()) {
        case .granted: break
        case .networkOverLimit: return .refused(id, .tooManyFromNetwork)
        case .full:
            core.log.warning(
                "logins exceed the rate limit; refusing them temporarily", metadata: ["per_second": "\(LoginAllowance.perSecond)"])
            return .refused(id, .tooMany)
        }
        guard exchanges.count < AuthenticationLink.maximumExchanges else { return .refused(id, .tooMany) }
        exchanges[id] = Exchange(facts: facts, mechanism: mechanism)
        return .admitted(id)
    }

    private func offers(_ mechanism: SASLMechanism, _ virtualServer: String) -> Bool {
        guard let methods = core.topology.virtualServers.first(where: { $0.name == virtualServer })?.submission?.authentication else {
            return false
        }
        return methods.mechanisms.contains(mechanism)
    }

    // MARK: What a name is checked against

    private func credential(
        _ id: AuthenticationLink.ExchangeID, of loginName: String, key: String
    ) -> AuthenticationLink.Response {
        guard let exchange = exchanges[id], exchange.lookup == nil else { return .refused(id, .outOfOrder) }
        core.metrics.verifierLookups += 1
        do {
            // Both are found in any case: that a name is unknown must not be quicker.
            let decoy = try core.directory.decoyVerifier(loginName: loginName)
            let known = try core.directory.credentialVerifier(loginName: loginName)
            exchanges[id]?.lookup = (loginName, key, known?.loginKey)
            core.log.info(
                "verifier asked for",
                metadata: [
                    "login": "\(LoggedLoginName.text(loginName, isOurs: known != nil))",
                    "account": "\(known.map { "\($0.address)" } ?? "none")",
                ])
            return .credential(
                id,
                StoredCredential(
                    account: known?.address, loginKey: known?.loginKey, verifier: (known?.verifier ?? decoy).text,
                    secret: known?.secret.map { ByteBuffer(string: $0.text) }))
        } catch {
            core.log.error(
                "the directory cannot be read",
                metadata: ["login": "\(LoggedLoginName.text(loginName, isOurs: false))", "error": "\(error)"])
            return .refused(id, .unavailable)
        }
    }

    // MARK: An exchange ends

    private func succeeded(
        _ id: AuthenticationLink.ExchangeID, _ loginName: String, key: String?
    ) -> AuthenticationLink.Response {
        // What is refused stays open: how it has failed is still to be said.
        guard let exchange = exchanges[id], isProven(loginName, in: exchange) else { return .refused(id, .outOfOrder) }
        let (client, account, now) = (exchange.facts.clientAddress, key ?? loginName, Timestamp.now())
        // What is guessed right from where it is being guessed at is no proof.
        if case .refuse(let scope, _, let wait) = core.logins.throttle.admit(from: client, account: account, now: now) {
            exchanges[id] = nil
            return .locked(id, scope, wait: wait)
        }
        let (address, loginKey): (EmailAddress, String)
        do {
            guard let owner = try core.directory.owner(ofLogin: loginName) else { return .refused(id, .noSuchAccount) }
            (address, loginKey) = owner
        } catch {
            core.log.error("the directory cannot be read", metadata: ["login": "\(loginName)", "error": "\(error)"])
            return .refused(id, .unavailable)
        }
        do {
            try core.directory.recordUse(loginName: loginName)
        } catch {
            // That the disk is full is no reason to lock people out.
            core.log.warning("the use of a credential cannot be noted", metadata: ["login": "\(loginName)", "error": "\(error)"])
        }
        exchanges[id] = nil
        core.logins.throttle.recordSuccess(from: client, account: account, now: now)
        let token = core.tokens.issue(
            address, loginKey: loginKey, mechanism: exchange.mechanism, virtualServer: exchange.facts.virtualServer, by: issuer, now: .now()
        )
        core.metrics.logins += 1
        core.log.info(
            "logged in",
            metadata: [
                "account": "\(address)", "login": "\(loginName)", "mechanism": "\(exchange.mechanism.rawValue)", "client": "\(client)",
                "virtual_server": "\(exchange.facts.virtualServer)", "tls": "\(exchange.facts.isSecure)",
            ])
        return .issued(id, token, account: address)
    }

    /// Whether an exchange can have proven this name: the one that was looked up in it, or, with Kerberos, one that a ticket names.
    private func isProven(_ loginName: String, in exchange: Exchange) -> Bool {
        switch exchange.mechanism {
        case .gssapi, .gs2Kerberos: exchange.lookup == nil
        case .plain, .login, .cramMD5, .scramSHA1, .scramSHA256, .ntlm:
            exchange.lookup.map { loginName == $0.loginKey || ($0.loginKey == nil && loginName == $0.key) } ?? false
        }
    }

    private func failed(
        _ id: AuthenticationLink.ExchangeID, key: String?, _ failure: LoginFailure
    ) -> AuthenticationLink.Response {
        // It was begun over a connection that has ended, and has been counted with it.
        guard let exchange = exchanges.removeValue(forKey: id) else {
            return .penalty(id, LoginPenalty(wait: core.logins.throttle.settings.maximumDelay, failures: 0, locks: []))
        }
        let (client, now) = (exchange.facts.clientAddress, Timestamp.now())
        let account: String?
        switch failure {
        case .notTried: return .penalty(id, LoginPenalty(wait: .zero, failures: 0, locks: []))
        case .temporary: account = nil
        case .guess:
            account = key ?? exchange.lookup?.key
            // The same as a right one would get: who is locked learns nothing.
            if case .refuse(let scope, _, let wait) = core.logins.throttle.admit(from: client, account: account, now: now) {
                return .locked(id, scope, wait: wait)
            }
        }
        let penalty = core.logins.throttle.recordFailure(from: client, account: account, canLock: failure == .guess, now: now)
        return .penalty(id, LoginPenalty(penalty))
    }

    // MARK: The connection ends

    private func ended() {
        core.ended(self)
        let open = exchanges
        exchanges = [:]
        let forgotten = core.tokens.forget(issuedBy: issuer)
        guard !core.isStopping else { return }
        let now = Timestamp.now()
        for (_, exchange) in open { died(exchange, now) }
        if forgotten > 0 || !open.isEmpty {
            core.log.warning(
                "postern-auth has gone: the sessions that it had logged in have to log in again",
                metadata: ["sessions": "\(forgotten)", "open_exchanges": "\(open.count)"])
        }
        let read = Set(open.values.filter(\.isBeingRead).map(\.mechanism))
        if let mechanism = core.logins.crashes.died(reading: read, now: now) {
            let settings = core.logins.crashes.settings
            core.log.error(
                "postern-auth has died under a mechanism repeatedly; the mechanism is switched off",
                metadata: [
                    "mechanism": "\(mechanism.rawValue)", "deaths": "\(settings.deaths)", "for": "\(settings.offFor)",
                ])
            core.outages.changed()
        }
    }

    /// One line for each, as `postern-auth` writes it: fail2ban counts those whose octets were being read.
    private func died(_ exchange: Exchange, _ now: Timestamp) {
        let key = exchange.isBeingRead ? exchange.lookup?.key : nil
        let penalty = core.logins.throttle.recordFailure(from: exchange.facts.clientAddress, account: key, now: now)
        var metadata: Logger.Metadata = [
            "client": "\(exchange.facts.clientAddress)",
            "login": "\(exchange.lookup.map { LoggedLoginName.text($0.asked, asKey: $0.key, isOurs: $0.loginKey != nil) } ?? "")",
            "mechanism": "\(exchange.mechanism.rawValue)", "virtual_server": "\(exchange.facts.virtualServer)",
            "tls": "\(exchange.facts.isSecure)",
            "reason": exchange.isBeingRead
                ? "postern-auth died while it read the client's message" : "postern-auth died before the client answered",
        ]
        if exchange.isBeingRead { metadata["failures"] = "\(max(penalty.failuresOfAddress, penalty.failuresOfAccount))" }
        core.log.notice("login failed", metadata: metadata)
    }
}

extension LoginPenalty {
    fileprivate init(_ penalty: LoginThrottle.Penalty) {
        self.init(
            wait: penalty.wait, failures: max(penalty.failuresOfAddress, penalty.failuresOfAccount), locks: penalty.locks)
    }
}
