import MailVocabulary
import Topology

/// A virtual server as routing sees it.
final class ServerRules: Sendable {
    /// What a submission server has besides.
    final class Submission: Sendable {
        enum Accounts: Sendable {
            case none
            case all
            case listed(grant: PrincipalSet, deny: PrincipalSet)
        }

        /// Whether a session may send without logging in.
        let isAnonymous: Bool
        let accounts: Accounts
        let accountsLocation: SourceLocation
        let computers: HostIndex
        let computersLocation: SourceLocation
        let loginRequired: RoutingRule
        let accountDenied: RoutingRule

        init(_ server: VirtualServer, _ settings: SubmissionSettings, in installation: InstallationMark) {
            let (path, relay) = ("virtual_servers.\(server.name)", settings.relay)
            isAnonymous = settings.authentication.anonymous
            accounts =
                switch relay.accounts {
                case .none: .none
                case .all: .all
                case .listed(let grant, let deny): .listed(grant: PrincipalSet(grant), deny: PrincipalSet(deny))
                }
            (accountsLocation, computersLocation) = (relay.accountsLocation, relay.computersLocation)
            computers = HostIndex(relay.computers)
            loginRequired = RoutingRule(RefusalRule(login: settings, of: server, in: installation), .loginRequired)
            accountDenied = RoutingRule(
                "2b", "\(path).relay.accounts.deny", relay.accountsLocation, .relayingDenied, of: installation)
        }
    }

    let name: String
    let location: SourceLocation
    /// nil for an edge server.
    let submission: Submission?
    let relayDenied: RoutingRule

    init(_ server: VirtualServer, in installation: InstallationMark) {
        (name, location) = (server.name, server.location)
        relayDenied = Self.relayDenied(by: server.name, at: server.location, in: installation)
        submission = server.submission.map { Submission(server, $0, in: installation) }
    }

    /// Also for a server that the configuration does not have any more: the facts of a message in the queue may name one.
    static func relayDenied(by server: String, at location: SourceLocation?, in installation: InstallationMark) -> RoutingRule {
        RoutingRule("2", "virtual_servers.\(server).relay", location, .relayingDenied, of: installation)
    }

    var refusals: [RoutingRule] { [relayDenied] + (submission.map { [$0.loginRequired, $0.accountDenied] } ?? []) }
}
