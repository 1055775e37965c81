import CoreLink
import Directory
import Logging
import MailVocabulary
import NIOCore

/// The core's end of a connection of `postern-auth`: tells what one login name is checked against, and issues tokens for accounts that
/// have proven themselves. Confined to the core's event loop.
final class AuthenticationSession {
    typealias Connection = LinkChannel<AuthenticationLink.Request, AuthenticationLink.Response>

    private let core: Core
    private let connection: Connection

    init(core: Core, connection: Connection) {
        (self.core, self.connection) = (core, connection)
        connection.onMessage = { [self] in received($0) }
    }

    private func received(_ request: AuthenticationLink.Request) {
        switch request {
        case .credential(let loginName): connection.send(credential(of: loginName))
        case .issueToken(let loginName, let facts, let mechanism): connection.send(issue(loginName, facts, mechanism))
        case .decoySecret: connection.send(.decoySecret(ByteBuffer(bytes: core.directory.decoySecret)))
        }
    }

    private func credential(of loginName: String) -> AuthenticationLink.Response {
        guard core.lookups.take(now: .now()) else {
            core.log.warning("more logins are looked up than can be honest; they are refused for a moment")
            return .refused(.tooMany)
        }
        core.metrics.verifierLookups += 1
        do {
            guard let known = try core.directory.credentialVerifier(loginName: loginName) else {
                core.log.info("verifier asked for", metadata: ["login": "\(loginName)", "account": "none"])
                return .credential(StoredCredential(account: nil, verifier: ""))
            }
            core.log.info("verifier asked for", metadata: ["login": "\(loginName)", "account": "\(known.address)"])
            return .credential(
                StoredCredential(
                    account: known.address, loginKey: known.loginKey, verifier: known.verifier.text,
                    secret: known.secret.map { ByteBuffer(string: $0.text) }))
        } catch {
            core.log.error("the directory cannot be read", metadata: ["login": "\(loginName)", "error": "\(error)"])
            return .refused(.unavailable)
        }
    }

    private func issue(_ loginName: String, _ facts: LoginFacts, _ mechanism: SASLMechanism) -> AuthenticationLink.Response {
        let (account, key): (EmailAddress, String)
        do {
            guard let owner = try core.directory.owner(ofLogin: loginName) else { return .refused(.noSuchAccount) }
            (account, key) = owner
        } catch {
            core.log.error("the directory cannot be read", metadata: ["login": "\(loginName)", "error": "\(error)"])
            return .refused(.unavailable)
        }
        do {
            try core.directory.recordUse(loginName: loginName)
        } catch {
            // That the disk is full is no reason to lock people out.
            core.log.warning("the use of a credential cannot be noted", metadata: ["login": "\(loginName)", "error": "\(error)"])
        }
        guard
            let token = core.tokens.issue(
                account, loginKey: key, mechanism: mechanism, virtualServer: facts.virtualServer, now: .now())
        else {
            core.log.error("as many sessions are logged in as can be", metadata: ["limit": "\(SessionTokens.mostTokens)"])
            return .refused(.tooMany)
        }
        core.metrics.logins += 1
        core.log.info(
            "logged in",
            metadata: [
                "account": "\(account)", "login": "\(loginName)", "mechanism": "\(mechanism.rawValue)",
                "client": "\(facts.clientAddress)", "virtual_server": "\(facts.virtualServer)", "tls": "\(facts.isSecure)",
            ])
        return .issued(token, account: account)
    }
}
