import Authentication
import Logging
import MailVocabulary
import SMTPClient
import Topology
import TransportSecurity

/// TLS and login of all connectors of one configuration, with what they need from files: authorities and passwords.
///
/// Made anew at each reload, so that no session that was verified by authorities of the past is taken up again.
public struct ConnectorSecurity: Sendable {
    public enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
        /// Of a connector, or of the way that mail for unknown recipients goes.
        case tls(connector: String?, reason: String)
        case password(connector: String, file: String, reason: String)
        case library(reason: String)

        /// One sentence without a full stop at its end, to stand after `error: `.
        public var description: String {
            switch self {
            case .tls(let connector?, let reason): "TLS of connector '\(connector)': \(reason)"
            case .tls(nil, let reason): "TLS: \(reason)"
            case .password(let connector, let file, let reason): "the password of connector '\(connector)', \(file): \(reason)"
            case .library(let reason): reason
            }
        }
    }

    /// What connections of one connector have in common.
    private struct Entry {
        let context: TransportSecurity.ClientContext?
        let isMandatory: Bool
        let credential: ClientCredential?
        let isAllowedInClear: Bool
    }

    private let entries: [String: Entry]
    /// For mail that no connector carries: unknown recipients of a shared domain.
    private let other: Entry
    /// In place of the name of a server that has none: only Kerberos would look at it.
    private let hostname: DomainName

    /// Reads the files. Blocks; once per start and reload.
    ///
    /// - Parameter log: for what libsasl2 has to say, on its threads.
    public init(_ topology: Topology, log: Logger) throws(Problem) {
        // Equal settings share the sessions that can be resumed.
        var contexts: [ClientSettings: TransportSecurity.ClientContext] = [:]
        func context(
            _ mode: ConnectorTLS, _ authorities: String?, of connector: String?
        ) throws(Problem) -> TransportSecurity.ClientContext? {
            if mode == .none { return nil }
            let settings = ClientSettings(
                verification: mode == .verified ? .required : .reported, trust: authorities.map { .file($0) } ?? .system)
            if let context = contexts[settings] { return context }
            do throws(TLSError) {
                let context = try TransportSecurity.ClientContext(settings)
                contexts[settings] = context
                return context
            } catch { throw .tls(connector: connector, reason: "\(error)") }
        }
        var entries: [String: Entry] = [:]
        for connector in topology.connectors where !connector.deliver.isMailbox {
            entries[connector.name] = Entry(
                context: try context(connector.tls, connector.certificateAuthorities, of: connector.name),
                isMandatory: connector.tls == .required || connector.tls == .verified,
                credential: try Self.credential(of: connector), isAllowedInClear: connector.authentication?.isAllowedInClear ?? false)
        }
        self.entries = entries
        other = Entry(context: try context(.opportunistic, nil, of: nil), isMandatory: false, credential: nil, isAllowedInClear: false)
        hostname = topology.hostname
        guard entries.values.contains(where: { $0.credential != nil }) else { return }
        do {
            try SASLLibrary.start(SASLLibrary.Settings { log.log($0) })
        } catch { throw .library(reason: "\(error)") }
    }

    private static func credential(of connector: Connector) throws(Problem) -> ClientCredential? {
        switch connector.authentication?.credential {
        case nil: return nil
        case .ticket(let cache)?: return .kerberos(cache: "FILE:\(cache)")
        case .password(let user, let file)?:
            do {
                return .password(user: user, password: try PasswordFile.read(file))
            } catch { throw .password(connector: connector.name, file: file, reason: "\(error)") }
        }
    }

    /// The TLS of connections to one host; nil for none.
    func tls(of connector: Connector?, to peer: PeerReference) -> OutgoingTLS? {
        let entry = entry(of: connector)
        return entry.context.map { OutgoingTLS(context: $0, peer: peer, isMandatory: entry.isMandatory) }
    }

    /// The login at a smart host; nil for none.
    func login(of connector: Connector?, at host: MailDomain) -> SASLLogin? {
        let entry = entry(of: connector)
        let name =
            switch host {
            case .name(let name): name
            case .literal: hostname
            }
        return entry.credential.map { SASLLogin(credential: $0, hostname: name, isAllowedInClear: entry.isAllowedInClear) }
    }

    private func entry(of connector: Connector?) -> Entry { connector.flatMap { entries[$0.name] } ?? other }
}

extension Logger {
    fileprivate func log(_ line: SASLLogLine) {
        let level: Logger.Level =
            switch line.level {
            case .error: .error
            case .failure, .warning: .warning
            case .note: .info
            case .debug: .debug
            }
        log(level: level, "libsasl2: \(line.text)")
    }
}
