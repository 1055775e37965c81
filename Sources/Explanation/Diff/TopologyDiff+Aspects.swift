import MailVocabulary
import Topology

/// The settings of servers and connectors in words.
extension TopologyDiff {
    typealias Aspect = (key: String, text: String)

    /// Of the system as a whole.
    static func aspects(of topology: Topology) -> [Aspect] {
        [
            ("hostname", "\(topology.hostname)"), ("default_domain", "\(topology.defaultDomain)"),
            ("budgets", text(of: topology.budgets)),
            ("permissions.check_header", "\(topology.permissions.checksHeader)"), ("maximum_hops", "\(topology.maximumHops)"),
            ("on_reroute_refusal", topology.onRerouteRefusal.rawValue),
        ]
    }

    static func text(of kind: ReceivingDomain.Kind?) -> String {
        switch kind {
        case nil: "none of ours"
        case .authoritative: "authoritative"
        case .shared(nil): "shared"
        case .shared(let host?): "shared, unknown recipients go to \(host)"
        }
    }

    static func aspects(of server: VirtualServer) -> [Aspect] {
        let (tls, connections, limits) = (server.tls, server.connections, server.limits)
        return [
            ("role", server.isEdge ? "edge" : "submission"), ("listen", server.listeners.map(\.endpoint).joined(separator: ", ")),
            (
                "tls",
                "\(tls.mode), TLS \(tls.minimumVersion.rawValue) or later" + (tls.minimumBits.map { ", \($0) bits at least" } ?? "")
                    + (tls.certificates.isEmpty ? "" : ", certificate \(tls.certificates.joined(separator: ", "))")
            ),
            ("access", text(of: connections.access)),
            (
                "connections",
                "limit \(text(of: connections.limit)), per network \(text(of: connections.limitPerNetwork)), timeout \(connections.timeout)"
            ),
            ("reverse_dns", server.reverseDNS.lookup ? "looked up, on failure \(server.reverseDNS.onFailure)" : "not looked up"),
            ("message size", limits.messageSize.map { "\($0)" } ?? "none"),
            (
                "limits",
                "session \(limits.sessionSize.map { "\($0)" } ?? "none"), recipients \(text(of: limits.recipients)), "
                    + "messages in a connection \(text(of: limits.messagesPerConnection)), line length \(text(of: limits.lineLength))"
            ),
            ("anonymous", server.submission.map { "\($0.authentication.anonymous)" } ?? ""),
            ("authentication", server.submission.map { text(of: $0.authentication) } ?? ""),
            ("client_address", server.submission.map { "\($0.clientAddress)" } ?? ""),
        ]
    }

    static func text(of budgets: BudgetSettings) -> String {
        (["share \(budgets.share.map { "\($0)%" } ?? "none")"]
            + (budgets.exempt.isEmpty ? [] : ["exempt \(budgets.exempt.map(\.description).joined(separator: ", "))"])
            + budgets.larger.map { "\($0.factor) times as much for \($0.subnet)" }).joined(separator: "; ")
    }

    private static func text(of limit: Int?) -> String { limit.map { "\($0)" } ?? "none" }

    private static func text(of list: HostList) -> String {
        let entries = list.entries.map { "\($0)" }.joined(separator: ", ")
        return switch list {
        case .allExcept: entries.isEmpty ? "everybody" : "all but \(entries)"
        case .only: entries.isEmpty ? "nobody" : "only \(entries)"
        }
    }

    private static func text(of methods: AuthenticationMethods) -> String {
        let basic = (methods.basic?.mechanisms ?? []).map(\.rawValue)
        let others = ((methods.challenge?.mechanisms ?? []) + (methods.integrated?.mechanisms ?? [])).map(\.rawValue)
        let all = basic.map { methods.basic?.requireTLS == true ? "\($0) over TLS" : $0 } + others
        return all.isEmpty ? "none" : all.joined(separator: ", ")
    }

    /// By the keys of the configuration; always the same ones in the same order.
    static func aspects(of connector: Connector, in topology: Topology) -> [Aspect] {
        let profile = topology.outboundProfile(of: connector)
        let (connections, retry) = (profile.connections, profile.retry)
        let tls = "\(connector.tls)" + (connector.certificateAuthorities.map { ", authorities of \($0)" } ?? "")
        let address = [profile.source.ipv4, profile.source.ipv6].map { $0.map { "\($0)" } ?? "any" }
        // What delivers to mailboxes has no remote server.
        func remote(_ text: String) -> String { connector.deliver.isMailbox ? "" : text }
        return [
            ("deliver", text(of: connector.deliver)), ("tls", remote(tls)), ("authentication", remote(text(of: connector.authentication))),
            ("helo", remote("\(connector.helo)")), ("schedule", text(of: connector.schedule)),
            ("source", remote("\(address[0]), \(address[1]), family \(profile.source.family)")), ("port", remote("\(connections.port)")),
            (
                "connections",
                "limit \(text(of: connections.limit)), per domain \(text(of: connections.limitPerDomain)), messages in each "
                    + "\(text(of: connections.messagesPerConnection)), timeout \(connections.timeout)"
            ),
            (
                "retry",
                "\(retry.first), \(retry.second), \(retry.third), then each \(retry.subsequent); next hop out of reach: "
                    + "\(retry.glitch.count) times after \(retry.glitch.interval) first"
            ),
            ("expiration", "\(profile.expiration)"),
        ]
    }

    static func text(of method: DeliveryMethod) -> String {
        switch method {
        case .dns: "by DNS"
        case .maildir(let template): "Maildir \(template)"
        case .lmtp(let target): "LMTP at \(target)"
        case .smartHosts(let hosts, let directFirst):
            (directFirst ? "by DNS, then " : "") + "smart hosts " + hosts.map(\.description).joined(separator: ", ")
        case .held(let held):
            "held for \(held.accounts.map(\.description).joined(separator: ", ")), \(held.methods.map(\.rawValue).sorted().joined(separator: ", "))"
        }
    }

    private static func text(of authentication: ClientAuthentication?) -> String {
        guard let authentication else { return "none" }
        let clear = authentication.isAllowedInClear ? ", also in clear" : ""
        return switch authentication.credential {
        case .password(let user, let file): "as \(user), with the password in \(file)" + clear
        case .ticket(let cache): "with the ticket in \(cache)" + clear
        }
    }

    private static func text(of schedule: ConnectorSchedule) -> String {
        func words(_ times: ConnectorSchedule.Times) -> String {
            switch times {
            case .always: "always"
            case .never: "never"
            case .at(let windows):
                windows.map { window in
                    let days = Weekday.allCases.filter(window.days.contains).map(word).joined(separator: ",")
                    return "\(days) \(clock(window.start))-\(clock(window.end))"
                }.joined(separator: "; ")
            }
        }
        return words(schedule.times) + (schedule.oversize.map { ", over \($0.over) \(words($0.times))" } ?? "")
    }

    /// `Mon`.
    private static func word(_ day: Weekday) -> String { "\(day)".prefix(1).uppercased() + "\(day)".dropFirst().prefix(2) }

    /// - Parameter minute: after midnight.
    private static func clock(_ minute: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(two(minute / 60)):\(two(minute % 60))"
    }
}
