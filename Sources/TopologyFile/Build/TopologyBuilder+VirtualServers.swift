import MailVocabulary
import Topology

extension TopologyBuilder {
    func virtualServer(_ entry: Value.Entry) -> VirtualServer? {
        let value = entry.value
        guard value.isTable else { return nil }
        let connections = value["connections"]
        let access = hostList(connections?["access"]) ?? .everyone
        let isSubmission = value["role"]?.text == "submission"
        return VirtualServer(
            name: entry.key, location: entry.keyLocation, role: isSubmission ? .submission(submission(value)) : .edge,
            listeners: (value["listen"]?.elements ?? []).compactMap(listener), tls: serverTLS(value["tls"]),
            connections: ConnectionSettings(
                limit: (connections?["limit"]).limit(default: ConnectionSettings.defaultLimit),
                limitPerNetwork: (connections?["limit_per_network"] ?? connections?["limit_per_address"]).limit(
                    default: isSubmission
                        ? ConnectionSettings.defaultLimitPerNetworkAtSubmission : ConnectionSettings.defaultLimitPerNetworkAtEdge),
                timeout: connections?["timeout"]?.duration ?? ConnectionSettings().timeout, access: access,
                accessLocation: connections?.entry("access")?.keyLocation ?? .builtIn),
            reverseDNS: ReverseDNSPolicy(
                lookup: value["reverse_dns"]?["lookup"]?.boolean ?? false,
                onFailure: choice(value["reverse_dns"]?["on_failure"], default: .annotate),
                location: value["reverse_dns"]?.entry("on_failure")?.keyLocation ?? .builtIn),
            limits: limits(value["limits"]))
    }

    private func listener(_ value: Value) -> Listener? {
        guard let text = value.text ?? value["address"]?.text, let (address, port) = Hosts.listener(text) else { return nil }
        return Listener(address: address, port: port, implicitTLS: value["tls"]?.text == "implicit", location: value.location)
    }

    private func serverTLS(_ value: Value?) -> ServerTLS {
        guard let value else { return .none }
        let mode = choice(value["mode"], default: ServerTLS.Mode.offered)
        return ServerTLS(
            mode: mode, certificates: certificateNames(value["certificate"]) ?? (mode == .none ? [] : ["default"]),
            minimumBits: value["minimum_bits"]?.integer, minimumVersion: choice(value["minimum_version"], default: .tls12),
            acknowledgesRequired: value["acknowledge_tls_required"]?.boolean ?? false, location: value.location)
    }

    private func certificateNames(_ value: Value?) -> [String]? {
        value.map { $0.text.map { [$0] } ?? $0.elements.compactMap(\.text) }
    }

    private func limits(_ value: Value?) -> SessionLimits {
        let defaults = SessionLimits()
        let messageSize = (value?["message_size"]).size(default: defaults.messageSize)
        let sessionDefault = messageSize.flatMap { size in
            let (product, overflow) = size.bytes.multipliedReportingOverflow(by: 10)
            return overflow ? nil : ByteCount(product)
        }
        return SessionLimits(
            messageSize: messageSize, sessionSize: (value?["session_size"]).size(default: sessionDefault),
            recipients: (value?["recipients"]).limit(default: defaults.recipients),
            messagesPerConnection: (value?["messages_per_connection"]).limit(default: defaults.messagesPerConnection),
            lineLength: (value?["line_length"]).limit(default: defaults.lineLength),
            messageSizeLocation: value?.entry("message_size")?.keyLocation ?? .builtIn,
            lineLengthLocation: value?.entry("line_length")?.keyLocation ?? .builtIn)
    }

    private func submission(_ value: Value) -> SubmissionSettings {
        let methods = value["authentication"]
        let basic = methods?["basic"].map {
            AuthenticationMethods.Basic(
                mechanisms: choices($0["mechanisms"]) ?? [.plain, .login], requireTLS: $0["require_tls"]?.boolean ?? true,
                location: $0.location)
        }
        let challenge = methods?["challenge"].map {
            AuthenticationMethods.Challenge(mechanisms: choices($0["mechanisms"]) ?? [.scramSHA256])
        }
        let integrated = methods?["integrated"].map {
            AuthenticationMethods.Integrated(mechanisms: choices($0["mechanisms"]) ?? [.gssapi], keytab: path($0["keytab"]))
        }
        return SubmissionSettings(
            authentication: AuthenticationMethods(
                anonymous: methods?["anonymous"]?.boolean ?? false, basic: basic, challenge: challenge, integrated: integrated,
                anonymousLocation: methods?.entry("anonymous")?.keyLocation ?? value.entry("authentication")?.keyLocation ?? .builtIn),
            relay: relay(value["relay"]), clientAddress: choice(value["client_address"], default: .hidden))
    }

    private func relay(_ value: Value?) -> RelayPermissions {
        let accounts = value?.entry("accounts")
        let computers = value?.entry("computers")
        let permitted: RelayPermissions.Accounts =
            switch accounts?.value {
            case let value? where value.text == "all": .all
            case let value? where value.isTable: .listed(grant: principals(value["grant"]), deny: principals(value["deny"]))
            default: .none
            }
        return RelayPermissions(
            accounts: permitted, computers: hostList(computers?.value) ?? .nobody,
            acknowledgeOpenRelay: computers?.value["acknowledge_open_relay"]?.boolean ?? false,
            accountsLocation: accounts?.keyLocation ?? .builtIn, computersLocation: computers?.keyLocation ?? .builtIn)
    }
}
