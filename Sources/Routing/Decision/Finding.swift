import MailVocabulary
import Topology

extension DecisionStep {
    /// What a step found. The cases stand in the order of the rules; their words are in `DecisionStep+Words.swift`.
    public enum Finding: Hashable, Sendable {
        // Rule 0: the session, and who sends.
        case loggedIn(EmailAddress)
        case anonymousPermitted(server: String)
        case loginRequired(server: String)
        case noSuchServer(String)
        case senderOfNobody
        case nullSender
        case ownAddress(EmailAddress, of: EmailAddress)
        case notOwnAddress(EmailAddress, of: EmailAddress)
        case mayUseAddress(EmailAddress, by: Principal)
        case mayNotUseAddress(EmailAddress)
        /// `From` names nobody that can be read.
        case authorUnreadable

        // Rule 1: ours or not.
        case ours(DomainName, isShared: Bool)
        case notOurs(MailDomain)
        /// The domain is an alias, and this address is meant.
        case domainReplaced(EmailAddress, by: EmailAddress)
        /// Nothing has this address but the catch-all of its domain.
        case caughtAll(EmailAddress, by: EmailAddress)
        case mailbox(EmailAddress)
        case followed(KnownRecipient.Step)
        case forwarded(KnownRecipient.Outside)
        /// The directory has no such address, and the configuration says who gets the mail for it.
        case postmaster(EmailAddress, leadsTo: EmailAddress)
        /// In a shared domain, and not in the directory.
        case continuesElsewhere(EmailAddress)
        /// The same, where the domain names a host for it (E06).
        case continuesAt(EmailAddress, SmartHost, NextHop)
        case unknown(EmailAddress)
        /// Not in the directory, which never had anybody.
        case nobodyYet(EmailAddress)
        /// A target that gets nothing, in words.
        case leftOut(String)
        case leadsToNobody(EmailAddress)
        /// S33 keeps this sender from nobody who is concerned.
        case mayBeWrittenTo(EmailAddress)
        case mayNotBeWrittenTo(EmailAddress, by: Principal, from: String)
        case memberMayNotBeWrittenTo(EmailAddress, by: Principal, from: String)
        case nobodyLeft(EmailAddress)

        // Rule 2: relay.
        case ownReport
        case nobodyLoggedIn
        /// - Parameter by: nil: all accounts may.
        case accountMayRelay(EmailAddress, by: Principal?)
        /// - Parameter denied: nil: nothing grants it.
        case accountMayNotRelay(EmailAddress, denied: Principal?)
        case computerMayRelay(IPAddress, DomainName?, by: HostEntry?)
        case computerMayNotRelay(IPAddress, DomainName?, by: HostEntry?)
        case computerNeedsLogin(IPAddress)
        case relayPermitted(connectors: [String])
        case relayDenied(covering: [String], isEdge: Bool)

        // Rule 3: covering connectors.
        case covered(MailDomain, space: String, connectors: [String])

        // Rule 4: permitted connectors, and when they carry.
        /// What follows about this connector is written at the other (`same_as`).
        case sameRestrictions(connector: String, as: String)
        case sameContent(connector: String, as: String)
        /// - Parameter by: nil: everyone is accepted who is not rejected.
        case accepted(connector: String, by: Principal?)
        /// The connector restricts who may send, and a report of our own is nobody's.
        case reportPasses(connector: String)
        case forbidden(connector: String, Forbidden)
        case allForbid(MailDomain, isForSize: Bool)
        case scheduleOpen(connector: String)
        case held(connector: String, RoutedRecipient.Hold)

        // Rule 5: choice.
        case down(connector: String)
        case allDown(waitsFor: String)
        case chosen(connector: String, Choice, NextHop)

        // Rule 6: none left.
        case notCovered(MailDomain)

        // The last paragraph of rule 6: the decision is taken again.
        case contentUnrestricted
        case decidedAgain(EmailAddress, Occasion)
        case connectorVanished(String)
        case routeChanged(from: String, to: String)
    }

    /// Why a connector may not carry a message (rule 4).
    public enum Forbidden: Hashable, Sendable {
        case rejected(Principal)
        case notAccepted
        case size(Int, maximum: ByteCount)
        case priority(ContentRestrictions.Priority)
        case type(ContentRestrictions.MessageType)

        var isForSize: Bool {
            if case .size = self { true } else { false }
        }
    }

    /// Why rule 5 took a connector.
    public enum Choice: Hashable, Sendable {
        case only
        case lowestCost(Int)
        /// One of so many equals, by the hash of the message id.
        case spread(among: Int)
        /// Those before it are down, or may not carry it.
        case nextInOrder
    }

    /// When a decision is taken again.
    public enum Occasion: Hashable, Sendable {
        case endOfData
        case deliveryAttempt
    }
}
