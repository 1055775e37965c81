import MailVocabulary
import Topology

/// What is decided at `MAIL`, before there is a recipient.
extension RoutingTable {
    /// Whether a session of a submission server may send at all (rule 0).
    public func decideSession(_ session: SubmissionSession) -> Verdict {
        var course = SessionCourse(table: self)
        let refusal = course.admit(session)
        return Verdict(refusal: refusal, trace: course.trace)
    }

    /// Whether whoever is logged in may send with this reverse-path (RFC 6409 §6.1): one of the account's own addresses, none at all,
    /// or one that `permissions.send_as` grants.
    ///
    /// Of a session in which nobody is logged in nothing can be said: its computers are trusted with that.
    ///
    /// - Throws: only what `directory` throws.
    public func decideSender<D: RoutingDirectory>(
        _ session: SubmissionSession, reversePath: ReversePath, directory: D
    ) throws(D.Failure) -> Verdict {
        var trace = DecisionTrace()
        guard let account = session.account else {
            trace.append(.senderOfNobody)
            return Verdict(refusal: nil, trace: trace)
        }
        guard let address = reversePath.address else {
            trace.append(.nullSender)
            return Verdict(refusal: nil, trace: trace)
        }
        let meant = meant(by: address)
        let own = Set(try directory.ownAddresses(of: account).map { AddressKey($0) })
        // An address that the account has under an alias of the domain is its own, too.
        let spellings = meant == address ? [address] : [address, meant]
        if spellings.contains(where: { own.contains(AddressKey($0)) || $0.withoutSubaddress.map { own.contains(AddressKey($0)) } == true })
        {
            trace.append(.ownAddress(address, of: account))
            return Verdict(refusal: nil, trace: trace)
        }
        trace.append(.notOwnAddress(address, of: account))
        var person = Person(account)
        for grant in sendAs.grants(of: meant) {
            if let principal = try person.match(in: grant.accounts, self, directory) {
                trace.append(.mayUseAddress(address, by: principal), at: grant.location)
                return Verdict(refusal: nil, trace: trace)
            }
        }
        let refusal = Refusal(
            550, "5.7.1", "You may not send as \(address): it is no address of the account \(account)", wrongSender.code)
        trace.append(.mayNotUseAddress(address), at: wrongSender.location, refusal: refusal)
        return Verdict(refusal: refusal, trace: trace)
    }
}

extension RoutingTable {
    /// Whether whoever is logged in may be the author that a message names in `From` (`permissions.check_header`, RFC 6409 §6.1): each address
    /// must be one that ``decideSender(_:reversePath:directory:)`` permits.
    ///
    /// - Parameter authors: nil or empty: the field names nobody that can be read, and is refused.
    /// - Throws: only what `directory` throws.
    public func decideAuthors<D: RoutingDirectory>(
        _ authors: [EmailAddress]?, in session: SubmissionSession, directory: D
    ) throws(D.Failure) -> Verdict {
        var trace = DecisionTrace()
        guard let authors, !authors.isEmpty else {
            let refusal = Refusal(
                550, "5.7.1", "The message must have one From field that can be read, with addresses of your account", wrongSender.code)
            trace.append(.authorUnreadable, at: wrongSender.location, refusal: refusal)
            return Verdict(refusal: refusal, trace: trace)
        }
        var verdict = Verdict(refusal: nil, trace: trace)
        for author in authors {
            verdict = try decideSender(session, reversePath: .address(author), directory: directory)
            if verdict.refusal != nil { break }
        }
        return verdict
    }
}

/// Rule 0.
struct SessionCourse {
    let table: RoutingTable
    var trace = DecisionTrace()

    init(table: RoutingTable) { self.table = table }

    mutating func admit(_ session: SubmissionSession) -> Refusal? {
        let server = table.servers[session.virtualServer]
        if let account = session.account {
            trace.append(.loggedIn(account), at: server?.location)
            return nil
        }
        guard let submission = server?.submission else {
            trace.append(.noSuchServer(session.virtualServer))
            return nil
        }
        if submission.isAnonymous {
            trace.append(.anonymousPermitted(server: session.virtualServer), at: server?.location)
            return nil
        }
        let refusal = submission.loginRequired.toStrangers
        trace.append(.loginRequired(server: session.virtualServer), at: submission.loginRequired.location, refusal: refusal)
        return refusal
    }
}

extension DecisionCourse {
    /// Rule 0, once more for the recipient: the trace of a decision is whole.
    mutating func admits(_ session: SubmissionSession) -> Bool {
        var course = SessionCourse(table: table)
        let refusal = course.admit(session)
        begin(with: course.trace, refusal: refusal)
        return refusal == nil
    }
}
