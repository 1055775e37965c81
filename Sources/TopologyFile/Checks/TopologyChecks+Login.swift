import MailVocabulary
import Topology

/// E16: the login of a connector.
extension TopologyChecks {
    mutating func check(_ authentication: ClientAuthentication, of connector: Connector, _ path: String) {
        func written(_ key: String) -> SourceLocation? { root["connectors"]?[connector.name]?.entry(key)?.keyLocation }
        let table = value("connectors", connector.name, "authentication")
        let path = (connector: path, login: "\(path).authentication")
        if connector.helo {
            report.error(
                written("helo") ?? authentication.location, "\(path.connector).helo", "authentication needs EHLO", accepted: "false")
        }
        guard case .smartHosts(let hosts, _) = connector.deliver else {
            report.error(
                written("authentication") ?? connector.location, path.login, "a password would go to whatever server the DNS names",
                accepted: "authentication only with smart_hosts")
            return
        }
        switch authentication.credential {
        case .password(let user, _):
            if user.isEmpty, table?.entry("user") == nil, !shape.hasErrors(in: path.login) {
                report.error(authentication.location, path.login, "a password is of somebody", accepted: "`user` beside `password_file`")
            }
        case .ticket:
            if let user = table?.entry("user") {
                report.warning(user.keyLocation, "\(path.login).user", "a ticket says itself whose it is: this can never matter")
            }
            for host in hosts {
                guard case .literal(let address) = host.host else { continue }
                report.error(
                    table?.entry("credentials_cache")?.keyLocation ?? authentication.location, "\(path.login).credentials_cache",
                    "Kerberos knows servers by name, and `\(address.literal)` is an address",
                    accepted: "smart hosts by name, or `password_file`")
                break
            }
        }
        checkProtection(of: authentication, connector, path.login, tls: written("tls"))
    }

    private mutating func checkProtection(
        of authentication: ClientAuthentication, _ connector: Connector, _ path: String, tls: SourceLocation?
    ) {
        let inClear = value("connectors", connector.name, "authentication")?.entry("in_clear")?.keyLocation
        switch (connector.tls, authentication.isAllowedInClear) {
        case (.none, false):
            report.error(
                tls ?? authentication.location, "connectors.\(connector.name).tls",
                "the login would go in clear, and does not: no mail would go over this connector",
                accepted: "TLS; or, if it is really meant, `in_clear: true` in `authentication`")
        case (.none, true), (.opportunistic, true):
            report.warning(
                inClear ?? authentication.location, "\(path).in_clear", "the login may go in clear: whoever is on the way can read it")
        case (.required, true), (.verified, true):
            report.warning(
                inClear ?? authentication.location, "\(path).in_clear", "this connector has TLS always: it can never matter")
        case (.opportunistic, false), (.required, false):
            guard authentication.passwordFile != nil else { return }
            report.warning(
                tls ?? authentication.location, "connectors.\(connector.name).tls",
                "the server's certificate is not checked: whoever stands in for the server gets the password; `mode: verified` checks it")
        case (.verified, false): break
        }
    }
}
