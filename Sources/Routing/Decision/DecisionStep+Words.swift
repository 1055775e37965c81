import MailVocabulary
import Topology

extension DecisionStep {
    /// What was found, in plain words.
    public var text: String {
        switch finding {
        // Rule 0.
        case .loggedIn(let account): "\(account) is logged in"
        case .anonymousPermitted(let server): "nobody is logged in, and `\(server)` takes mail without (`anonymous: true`)"
        case .loginRequired(let server): "nobody is logged in, and `\(server)` takes no mail without"
        case .noSuchServer(let server): "`\(server)` is no submission server of this configuration"
        case .senderOfNobody: "nobody is logged in: the reverse-path is what it is"
        case .nullSender: "the null reverse-path is nobody's"
        case .ownAddress(let address, let account): "\(address) is an address of \(account)"
        case .notOwnAddress(let address, let account): "\(address) is no address of \(account)"
        case .mayUseAddress(let address, let principal): "`send_as` grants \(address) to \(principal)"
        case .mayNotUseAddress(let address): "no `send_as` grants \(address) to the account"
        case .authorUnreadable: "`From` names nobody that can be read, and `check_header` asks for an address of the account"
        // Rule 1.
        case .ours(let domain, let isShared):
            isShared
                ? "\(domain) is one of our domains, shared with another system" : "\(domain) is one of our domains, and authoritative"
        case .notOurs(let domain): "\(domain) is none of our domains"
        case .domainReplaced(let address, let meant): "\(address.domain) is an alias of \(meant.domain): \(meant) is meant"
        case .caughtAll(let address, let all): "\(address) is not in the directory: the catch-all \(all) takes its mail"
        case .mailbox(let address): "\(address) is a mailbox"
        case .followed(let step): Self.text(step)
        case .forwarded(let outside): "\(outside.via) is a forward to \(outside.address): it needs no relay permission"
        case .postmaster(let address, let target): "\(address) is not in the directory: its mail is for \(target)"
        case .continuesElsewhere(let address):
            "\(address) is not in the directory, but its domain is shared: it goes on by routing, without relay permission"
        case .continuesAt(let address, let host, _):
            "\(address) is not in the directory, and unknown recipients of its domain go to \(host)"
        case .unknown(let address): "\(address) is not in the directory"
        case .nobodyYet(let address):
            "\(address) is not in the directory, which never had a user, alias or group: that may be another directory than was meant"
        case .leftOut(let reason): "left out: \(reason)"
        case .leadsToNobody(let address): "\(address) leads to nobody"
        case .mayBeWrittenTo(let address): "nothing in `permissions.receive` keeps this sender from \(address)"
        case .mayNotBeWrittenTo(let address, let principal, let senders): Self.text(address, principal, senders)
        case .memberMayNotBeWrittenTo(let address, let principal, let senders): "left out: " + Self.text(address, principal, senders)
        case .nobodyLeft(let address): "\(address) leads to nobody who takes mail from this sender"
        default: relayText
        }
    }

    /// Rule 2.
    private var relayText: String {
        switch finding {
        case .ownReport: "a report of our own needs no relay permission"
        case .nobodyLoggedIn: "nobody is logged in: no account may relay"
        case .accountMayRelay(let account, nil): "\(account) may relay, as every account may"
        case .accountMayRelay(let account, let principal?): "\(account) may relay: `grant` names \(principal)"
        case .accountMayNotRelay(let account, nil): "\(account) may not relay: nothing grants it"
        case .accountMayNotRelay(let account, let principal?): "\(account) may not relay: `deny` names \(principal)"
        case .computerMayRelay(let address, let name, let entry):
            "\(Self.computer(address, name)) may relay: " + (entry.map { "`\($0)` is listed" } ?? "it is none of those excepted")
        case .computerMayNotRelay(let address, let name, let entry):
            "\(Self.computer(address, name)) may not relay: " + (entry.map { "`\($0)` is excepted" } ?? "it is not listed")
        case .computerNeedsLogin(let address): "\(address) is listed, but nobody may relay here without logging in"
        case .relayPermitted(let connectors): "relay is open to everyone over \(Self.list(connectors)), and over nothing else here"
        case .relayDenied(let covering, let isEdge):
            (isEdge ? "an edge server relays for nobody" : "neither account nor computer may relay")
                + (covering.isEmpty
                    ? ", and no connector covers the domain"
                    : ", and `relay: true` is not set for what covers the domain: \(Self.list(covering))")
        default: connectorText
        }
    }

    /// Rules 3 to 6.
    private var connectorText: String {
        switch finding {
        case .covered(let domain, let space, let connectors):
            "the most specific address space for \(domain) is `\(space)`, of \(Self.list(connectors))"
        case .sameRestrictions(let connector, let other): "connector \(connector) has the restrictions of connector \(other) (`same_as`)"
        case .sameContent(let connector, let other): "connector \(connector) takes what connector \(other) takes (`content`, `same_as`)"
        case .accepted(let connector, nil): "connector \(connector) accepts everyone whom it does not reject"
        case .reportPasses(let connector): "connector \(connector) restricts who may send; a report of our own is nobody's, and passes"
        case .accepted(let connector, let principal?): "connector \(connector) accepts \(principal)"
        case .forbidden(let connector, let reason): "connector \(connector) does not carry it: \(Self.text(reason))"
        case .allForbid(let domain, true): "the message is too large for every connector that covers \(domain)"
        case .allForbid(let domain, false): "no connector that covers \(domain) may carry it"
        case .scheduleOpen(let connector): "connector \(connector) has a schedule, which is open; \(Self.noSchedules)"
        case .held(let connector, .until(let time)):
            "connector \(connector) has a schedule, which is closed until \(time); \(Self.noSchedules)"
        case .held(let connector, .untilReconfigured): "connector \(connector) has a schedule, which never opens; \(Self.noSchedules)"
        case .down(let connector): "connector \(connector) is down and gives way"
        case .allDown(let connector): "every connector that may carry it is down: the mail waits for \(connector)"
        case .chosen(let connector, let choice, let nextHop): "connector \(connector)\(Self.text(choice)), next hop \(nextHop)"
        case .notCovered(let domain): "no connector has an address space that covers \(domain)"
        case .contentUnrestricted: "every connector carries messages of every kind: the routes stay"
        case .decidedAgain(let address, .endOfData): "decided again at the end of the data, for \(address)"
        case .decidedAgain(let address, .deliveryAttempt): "decided again for a delivery attempt to \(address)"
        case .connectorVanished(let connector): "connector \(connector), which had it so far, no longer exists"
        case .routeChanged(let old, let new): "it leaves \(Self.route(old)) for \(Self.route(new))"
        default: ""
        }
    }

    /// What is read and not followed must not be told as if it were.
    private static let noSchedules = "this version does not follow schedules, and the mail goes at once"

    private static func text(_ step: KnownRecipient.Step) -> String {
        let via = step.via.map { " (by way of \($0))" } ?? ""
        return switch step.kind {
        case .alias: "\(step.address)\(via) is an alias for \(step.count == 1 ? "one address" : "\(step.count) addresses")"
        case .group: "\(step.address)\(via) is a group of \(step.count == 1 ? "one member" : "\(step.count) members")"
        }
    }

    private static func text(_ address: EmailAddress, _ principal: Principal, _ senders: String) -> String {
        let permitted = senders == "authenticated" ? "whoever is logged in" : senders
        let reason = "\(principal)" == "\(address)" ? "" : " (by `\(principal)`)"
        return "\(address)\(reason) takes mail from \(permitted) only"
    }

    private static func text(_ reason: Forbidden) -> String {
        switch reason {
        case .rejected(let principal): "it rejects \(principal)"
        case .notAccepted: "it rejects everyone whom it does not accept"
        case .size(let size, let maximum): "\(size) octets, and it takes at most \(maximum)"
        case .priority(let priority): "it takes no mail of \(priority.rawValue) priority"
        case .type(.system): "it takes no system messages"
        case .type(.nonSystem): "it takes system messages only"
        }
    }

    private static func text(_ choice: Choice) -> String {
        switch choice {
        case .only: ", the only one"
        case .lowestCost(let cost): " has the lowest cost, \(cost)"
        case .spread(let count): ", one of \(count) equals, by the hash of the message id"
        case .nextInOrder: " is the next in the order of cost"
        }
    }

    private static func computer(_ address: IPAddress, _ name: DomainName?) -> String {
        name.map { "\(address) (\($0))" } ?? "\(address)"
    }

    private static func route(_ connector: String) -> String { connector.isEmpty ? "the host for unknown recipients" : connector }

    private static func list(_ connectors: [String]) -> String {
        let told = connectors.prefix(5)
        let rest = connectors.count > 6 ? " and \(connectors.count - 5) more" : connectors.count == 6 ? ", \(connectors[5])" : ""
        return connectors.count == 1 ? "connector \(connectors[0])" : "connectors " + told.joined(separator: ", ") + rest
    }
}
