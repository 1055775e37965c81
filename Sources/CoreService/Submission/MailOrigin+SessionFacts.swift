import CoreLink
import MailVocabulary
import Routing

extension MailOrigin {
    /// What a front end says of a session.
    ///
    /// - Parameter account: who is logged in; nobody is at an edge.
    init(_ facts: SessionFacts, isSubmission: Bool, account: EmailAddress? = nil) {
        self =
            isSubmission
            ? .submission(SubmissionSession(facts, account: account))
            : .edge(
                EdgeSession(
                    virtualServer: facts.virtualServer, clientAddress: facts.clientAddress, confirmedHostName: facts.confirmedHostName))
    }
}

extension SubmissionSession {
    init(_ facts: SessionFacts, account: EmailAddress?) {
        self.init(
            virtualServer: facts.virtualServer, clientAddress: facts.clientAddress, confirmedHostName: facts.confirmedHostName,
            account: account)
    }
}
