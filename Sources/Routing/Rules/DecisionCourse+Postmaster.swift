import MailVocabulary
import Topology

/// The mailbox that every domain of ours has (RFC 5321 §4.5.1).
extension DecisionCourse {
    /// Whether the message was written to the postmaster of a domain of ours: everybody may do that, whatever `permissions.receive` says.
    var isForPostmaster: Bool { Postmaster.isName(recipient.localPart) && table.ourDomain(recipient.domain) != nil }

    /// Where the directory has no such address: to whom the configuration says.
    ///
    /// - Parameter domain: of the address written to.
    mutating func follow<D: RoutingDirectory>(_ postmaster: Postmaster, from domain: OurDomain, _ directory: D) throws(D.Failure) {
        let target = postmaster.address
        trace.append(.postmaster(recipient, leadsTo: target), at: postmaster.location)
        guard let targetDomain = table.ourDomain(target.domain) else {
            trace.append(.forwarded(KnownRecipient.Outside(target, via: recipient)))
            return try route(target, directory)
        }
        let answer = try directory.answer(for: target)
        switch answer {
        case .known(let known): try follow(known, in: targetDomain, directory)
        case .arranged(let found): try follow(found, in: targetDomain, directory)
        case .unknown where targetDomain.isShared, .nobodyYet where targetDomain.isShared:
            try continueElsewhere(target, in: targetDomain, directory)
        case .unknown, .nobodyYet: refuse(target, answer, in: domain)
        }
    }
}
