import CoreLink
import SMTPServer

extension LoginExchanges {
    /// Has the core say which mechanisms nobody can log in with, for as long as the watch has a connection. While the core is away, what it said
    /// last holds: nobody can submit then.
    func follow<Role: SubmitRole>(_ watch: RevisionWatch<Role>) {
        watch.standingRequest = { Role.watchingMechanisms }
        watch.onMessage = { [weak self] response in
            if case .mechanismsOff(let off) = response { self?.mechanismsOff = off }
        }
    }
}
