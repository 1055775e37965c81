import CSASL
import Credentials
import Glibc
import MailVocabulary

/// What the callbacks of one exchange know and find out. Used by one thread at a time: that which runs the exchange's step.
///
/// The library's word alone admits nobody: `identity` also wants what was found here.
final class ServerContext {
    private let server: SASLServer
    private let source: any CredentialSource
    let mechanism: SASLMechanism
    /// Options of this exchange as C strings, which live as long as it does.
    private let mechanismList: UnsafeMutablePointer<CChar>
    private let ntlmServer: UnsafeMutablePointer<CChar>?

    /// Who logs in, once the mechanism has told.
    private(set) var name: LoginName?
    /// Who the client wants to act as, where it says so and it is not plainly the same.
    private var requestedName: [UInt8]?
    /// Nil before the source was asked; then what it had, if anything.
    private var lookup: StoredCredential??
    /// Another system said that the password is right.
    private var isVouchedFor = false
    private(set) var outside = OutsideCheck.notNeeded
    private var derivation = PasswordDerivation.notAsked
    /// What a callback found, and the library can only say as one of its codes.
    private(set) var verdict: AuthenticationFailure?

    init(server: SASLServer, mechanism: SASLMechanism, source: any CredentialSource) {
        (self.server, self.mechanism, self.source) = (server, mechanism, source)
        mechanismList = strdup(mechanism.rawValue)
        ntlmServer = server.settings.ntlmServer.flatMap { strdup($0.text) }
    }

    deinit {
        outside.erase()
        derivation.erase()
        free(mechanismList)
        free(ntlmServer)
    }

    var isKerberos: Bool { mechanism == .gssapi || mechanism == .gs2Kerberos }
    private var settings: SASLServer.Settings { server.settings }

    func option(_ name: UnsafePointer<CChar>) -> UnsafePointer<CChar>? {
        if strcmp(name, "mech_list") == 0 { return UnsafePointer(mechanismList) }
        if strcmp(name, "ntlm_server") == 0 { return ntlmServer.map { UnsafePointer($0) } }
        return LibraryOption.value(name)
    }

    // MARK: Names

    /// The form of a name that the library works with.
    ///
    /// - Returns: nil for one that is too long, which only names of Kerberos can be: others get a stand-in.
    func canonical(_ octets: [UInt8], isWhoLogsIn: Bool, room: Int) -> [UInt8]? {
        // What Kerberos calls a client is read from its ticket at the end.
        if isKerberos { return octets.count <= room ? octets : nil }
        let read = settings.names.read(octets)
        // The first counts: later calls may bring our own form back, and a stand-in must not become a name.
        if isWhoLogsIn, name == nil { name = read }
        let form = Array((read.lookups.first ?? "-").utf8)
        return form.count <= room ? form : Array("-".utf8)
    }

    /// Whether who logs in may act as somebody: only as himself, however spelt.
    func mayAct(as requested: [UInt8]) -> Bool {
        if isKerberos {
            requestedName = requested
            return true
        }
        guard let name, !name.lookups.isEmpty, settings.names.read(requested).key == name.key else {
            verdict = .authorizationNotPermitted(String(decoding: requested.prefix(LoginName.maximumOctets), as: UTF8.self))
            return false
        }
        return true
    }

    // MARK: Secrets

    /// Checks a password that was sent in the clear.
    func isRight(_ password: [UInt8]) -> Int32 {
        do throws(Unavailable) {
            guard let name, mechanism == .plain || mechanism == .login else { return SASL_BADAUTH }
            if case .answered(let answer) = outside { return code(of: answer) }
            let found = try find(name)
            guard let isMatch = try isMatch(password, of: name, found) else { return SASL_BADAUTH }
            // A decoy matches nothing; that nobody gets in by one must not depend on it.
            if isMatch { return found.map(isUsable) ?? false ? SASL_OK : SASL_BADAUTH }
            if settings.saslauthd != nil {
                // A name that nobody can have is asked for like any other, in the form that the key has.
                outside = .pending(loginName: name.key, password: password, mayVouch: !(found.map(isExpired) ?? false))
            }
            return SASL_BADAUTH
        } catch {
            verdict = .temporary(error.reason)
            return SASL_UNAVAIL
        }
    }

    /// - Returns: nil where the keys are still to be derived.
    private func isMatch(_ password: [UInt8], of name: LoginName, _ found: StoredCredential?) throws(Unavailable) -> Bool? {
        if case .done(let isMatch) = derivation { return isMatch }
        let verifier = try verifier(for: name, found)
        do {
            if let found, isUsable(found), try settings.proven?.contains(password, of: found.loginName, against: verifier) == true {
                return true
            }
        } catch {
            throw Unavailable(reason: error.description)
        }
        guard settings.derivesSeparately else { return try derive(password, verifier) }
        derivation = .pending(verifier: verifier, password: password)
        return nil
    }

    private func derive(_ password: [UInt8], _ verifier: SCRAMVerifier) throws(Unavailable) -> Bool {
        do {
            let isMatch = try server.matches(verifier, String(validating: password, as: UTF8.self))
            if isMatch, case .some(.some(let found)) = lookup, isUsable(found) {
                try settings.proven?.insert(password, of: found.loginName, against: verifier)
            }
            return isMatch
        } catch {
            throw Unavailable(reason: error.description)
        }
    }

    /// Whether keys have to be derived before it is known what became of the password.
    var isDerivationPending: Bool { if case .pending = derivation { true } else { false } }

    /// Derives them. Afterwards the library is to be given the client's messages once more where this returns nil.
    ///
    /// - Returns: why the exchange has failed.
    func derive() -> AuthenticationFailure? {
        guard case .pending(let verifier, var password) = derivation else { return .temporary("no password is to be checked") }
        derivation.erase()
        defer { explicit_bzero(&password, password.count) }
        do throws(Unavailable) {
            derivation = .done(isMatch: try derive(password, verifier))
            return nil
        } catch {
            return .temporary(error.reason)
        }
    }

    /// The name that the client gave, as a log may have it: many a password was typed in the place of the name. Nil before there is one.
    var loggedName: String? {
        guard let name else { return nil }
        var isOurs = false
        if case .some(.some) = lookup { isOurs = true }
        return LoggedLoginName.text(name.lookups.first ?? name.key, asKey: name.key, isOurs: isOurs)
    }

    private func code(of answer: Saslauthd.Answer) -> Int32 {
        guard answer == .right else { return SASL_BADAUTH }
        isVouchedFor = true
        return SASL_OK
    }

    /// Whether another system has to be asked before it is known what became of the password.
    var isOutsidePending: Bool { if case .pending = outside { true } else { false } }

    var isOutsideAnswered: Bool { if case .answered = outside { true } else { false } }

    /// Asks it; blocks. Afterwards the library is to be given the client's messages once more where this returns nil.
    ///
    /// - Returns: why the exchange has failed.
    func askOthers() -> AuthenticationFailure? {
        guard case .pending(let loginName, var password, let mayVouch) = outside, let saslauthd = settings.saslauthd else {
            return .temporary("no other system is to be asked")
        }
        outside.erase()
        let answer = saslauthd.check(loginName: loginName, password: password)
        explicit_bzero(&password, password.count)
        outside = .answered(mayVouch || answer != .right ? answer : .wrong)
        switch answer {
        case .right: return mayVouch ? nil : whyNot
        case .wrong: return whyNot
        case .unavailable(let reason): return .temporary(reason)
        }
    }

    /// The property of who logs in that a mechanism asks for.
    func value(of property: RequestedProperty) -> PropertyAnswer {
        do throws(Unavailable) {
            guard let name else { return .none }
            switch (property, mechanism) {
            case (.storedKeys, .scramSHA256): return .value(Array(try verifier(for: name, try find(name)).text.utf8))
            case (.password, .cramMD5), (.password, .ntlm): return .value(try password(of: name))
            // Its clients normalise what was typed, and the library does not.
            case (.password, .scramSHA1): return .value(Self.normalized(try password(of: name)))
            // Least of all a password for a mechanism that sends one: the library would compare it.
            default: return .none
            }
        } catch {
            verdict = .temporary(error.reason)
            return .unavailable
        }
    }

    private static func normalized(_ password: [UInt8]) -> [UInt8] {
        String(validating: password, as: UTF8.self).flatMap { SASLPreparation.prepare($0) } ?? password
    }

    private struct Unavailable: Error {
        let reason: String
    }

    private func find(_ name: LoginName) throws(Unavailable) -> StoredCredential? {
        if let lookup { return lookup }
        var found: StoredCredential?
        // Asked as well for a name that nobody can have, as the time it takes would tell.
        let asked = name.lookups.isEmpty ? LoginName(lookups: ["-"], key: "-") : name
        do { found = try source.credential(for: asked) } catch { throw Unavailable(reason: error.reason) }
        if name.lookups.isEmpty { found = nil }
        lookup = .some(found)
        return found
    }

    private func isExpired(_ credential: StoredCredential) -> Bool { credential.isExpired(at: server.now()) }

    private func isUsable(_ credential: StoredCredential) -> Bool { credential.verifier != nil && !isExpired(credential) }

    private func verifier(for name: LoginName, _ found: StoredCredential?) throws(Unavailable) -> SCRAMVerifier {
        do {
            guard let found, let verifier = found.verifier else { return try settings.decoys.verifier(for: name) }
            return isExpired(found) ? try verifier.unmatchable(loginKey: name.key, secret: settings.decoys.secret) : verifier
        } catch {
            throw Unavailable(reason: error.description)
        }
    }

    private func password(of name: LoginName) throws(Unavailable) -> [UInt8] {
        let found = try find(name)
        do {
            // A decoy is made, and one secret is opened, in any case: the time is the same for every name.
            let decoy = try settings.decoys.password(for: name)
            guard let key = settings.secretKey else { return decoy }
            guard let found, let sealed = found.recoverableSecret, !isExpired(found) else {
                _ = try settings.decoySecret?.open(for: DecoyKeys.owner, with: key)
                return decoy
            }
            guard let password = try sealed.open(for: found.secretOwner, with: key) else {
                throw Unavailable(reason: "the recoverable secret of \(found.loginName) does not open with the key file")
            }
            return password
        } catch let error as CryptographyError {
            throw Unavailable(reason: error.description)
        } catch let error as Unavailable {
            throw error
        } catch {
            throw Unavailable(reason: "\(error)")
        }
    }

    // MARK: The end

    /// Why credentials that do not prove anything do not.
    var whyNot: AuthenticationFailure {
        if let verdict { return verdict }
        guard !isKerberos, let name else { return .wrongCredentials }
        guard case .some(.some(let found)) = lookup else {
            return lookup == nil && !name.lookups.isEmpty ? .wrongCredentials : .unknownAccount
        }
        if isExpired(found) { return .expired }
        switch mechanism {
        case .plain, .login: return found.verifier == nil && settings.saslauthd == nil ? .noSecret : .wrongCredentials
        case .scramSHA256: return found.verifier == nil ? .noSecret : .wrongCredentials
        case .cramMD5, .ntlm, .scramSHA1:
            return found.recoverableSecret == nil && settings.ntlmServer == nil ? .noSecret : .wrongCredentials
        case .gssapi, .gs2Kerberos: return .wrongCredentials
        }
    }

    /// Who it is, after the library has found the proof good.
    ///
    /// - Parameter principal: of Kerberos, by its full name.
    func identity(principal: String?) -> Result<AuthenticatedIdentity, AuthenticationFailure> {
        if let verdict { return .failure(verdict) }
        if isKerberos {
            guard let principal, let name = settings.names.account(ofPrincipal: principal) else {
                return .failure(.principalNotOurs(principal ?? "(none)"))
            }
            if let requestedName {
                let isSame = requestedName == Array(principal.utf8) || settings.names.read(requestedName).key == name.key
                guard isSame else {
                    return .failure(
                        .authorizationNotPermitted(String(decoding: requestedName.prefix(LoginName.maximumOctets), as: UTF8.self)))
                }
            }
            return .success(AuthenticatedIdentity(loginName: name.key, account: nil, mechanism: mechanism))
        }
        do throws(Unavailable) {
            guard let name, !name.lookups.isEmpty else { return .failure(.unknownAccount) }
            let found = try find(name)
            if let found, isExpired(found) { return .failure(.expired) }
            let isByOther = isVouchedFor || (mechanism == .ntlm && settings.ntlmServer != nil)
            guard let found else {
                guard isByOther else { return .failure(.unknownAccount) }
                return .success(AuthenticatedIdentity(loginName: name.key, account: nil, mechanism: mechanism))
            }
            guard isByOther || hasSecret(found) else { return .failure(.noSecret) }
            return .success(AuthenticatedIdentity(loginName: found.loginName, account: found.account, mechanism: mechanism))
        } catch {
            return .failure(.temporary(error.reason))
        }
    }

    private func hasSecret(_ credential: StoredCredential) -> Bool {
        switch mechanism {
        case .plain, .login, .scramSHA256: credential.verifier != nil
        case .cramMD5, .ntlm, .scramSHA1: credential.recoverableSecret != nil
        case .gssapi, .gs2Kerberos: false
        }
    }
}
