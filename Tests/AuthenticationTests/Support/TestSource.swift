import Credentials
import MailVocabulary
import Synchronization

@testable import Authentication

struct NotATestValue: Error {}

func domain(_ text: String) throws -> DomainName {
    guard let name = DomainName(parsing: text) else { throw NotATestValue() }
    return name
}

func address(_ text: String) throws -> EmailAddress {
    guard let address = EmailAddress(parsing: text) else { throw NotATestValue() }
    return address
}

func client(_ text: String) throws -> IPAddress {
    guard let address = IPAddress(parsing: text) else { throw NotATestValue() }
    return address
}

/// A directory of a few accounts, and what was asked of it.
final class TestSource: CredentialSource {
    private struct State {
        var credentials: [String: StoredCredential] = [:]
        var isDown = false
        var asked: [LoginName] = []
    }

    private let state = Mutex(State())

    func add(_ credential: StoredCredential) { state.withLock { $0.credentials[credential.loginName] = credential } }
    func fail() { state.withLock { $0.isDown = true } }
    var asked: [LoginName] { state.withLock { $0.asked } }

    func credential(for name: LoginName) throws(CredentialSourceFailure) -> StoredCredential? {
        try state.withLock { state throws(CredentialSourceFailure) in
            state.asked.append(name)
            if state.isDown { throw CredentialSourceFailure("the core does not answer") }
            for lookup in name.lookups { if let found = state.credentials[lookup] { return found } }
            return nil
        }
    }
}
