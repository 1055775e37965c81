import Logging
import MailVocabulary
import ServiceRuntime
import Topology
import TransportSecurity

/// The certificates that a front end's virtual servers show: read at start, taken up anew when their files change (S11), and spoken of
/// when they come to their end. Confined to the front end's event loop.
///
/// A bad new pair is refused and said, and the one from before stays. Sessions keep what they began with.
final class ServerCertificates {
    private var watch: CertificateWatch
    private var topology: Topology
    /// By the name of the virtual server.
    private var contexts: [String: CurrentServerContext] = [:]
    private let log: Logger
    /// What could not be taken up, a sentence for each, by the file; under "" the configuration as a whole.
    private var refused: [String: String] = [:]

    /// What of the configuration is not shown to clients, a sentence for each, for an administrator.
    var problems: [String] { refused.sorted { $0.key < $1.key }.map(\.value) }

    struct CannotUse: Error, CustomStringConvertible {
        let server: String
        let reason: String
        var description: String { "virtual server \(server): \(reason)" }
    }

    /// - Throws: `CertificateError` where a pair cannot be used, `CannotUse` where OpenSSL does not take it.
    init(_ topology: Topology, of servers: [VirtualServer], log: Logger) throws {
        (self.topology, self.log) = (topology, log)
        watch = try CertificateWatch(Self.files(topology, of: servers), trusting: Self.accounts(topology), now: .now())
        for server in servers { contexts[server.name] = try makeContext(server, ticketKeys: TicketKeys()) }
    }

    /// What new sessions of a virtual server take; nil where it has no TLS.
    func context(of server: VirtualServer) -> CurrentServerContext? { contexts[server.name] }

    /// Another configuration: everything is read anew, and the keys of tickets stay, so that sessions can be resumed.
    ///
    /// - Throws: as `init`; then nothing has changed.
    func adopt(_ topology: Topology, of servers: [VirtualServer]) throws {
        let old = (watch, self.topology)
        do {
            watch = try CertificateWatch(
                Self.files(topology, of: servers), trusting: Self.accounts(topology), after: watch, now: .now())
            self.topology = topology
            var next: [String: CurrentServerContext] = [:]
            for server in servers {
                next[server.name] = try makeContext(server, ticketKeys: contexts[server.name]?.value.ticketKeys ?? TicketKeys())
            }
            contexts = next
            refused = [:]
        } catch {
            (watch, self.topology) = old
            refused[""] = "certificates of the new configuration are not used, the old ones stay: \(error)"
            throw error
        }
    }

    /// Looks at the files and at the calendar; every few seconds.
    func poll(_ servers: [VirtualServer]) {
        var isRenewed = false
        for event in watch.poll(now: .now()) {
            if case .renewed = event { isRenewed = true }
            say(event)
        }
        guard isRenewed else { return }
        for server in servers {
            guard let current = contexts[server.name] else { continue }
            do {
                try current.replace(identities: identities(of: server))
            } catch {
                log.error(
                    "renewed certificate not used, the old one stays", metadata: ["virtual_server": "\(server.name)", "error": "\(error)"])
            }
        }
    }

    private static func files(_ topology: Topology, of servers: [VirtualServer]) -> [CertificateFiles] {
        servers.flatMap(\.tls.certificates).compactMap { topology.certificates[$0] }.map { .init($0) }
    }

    /// Postern's own: a pair that both front ends show may belong to either.
    private static func accounts(_ topology: Topology) -> Set<UInt32> {
        // try?: one that there is not keeps its daemon from starting, which says so.
        Set(topology.runAs.accounts.values.compactMap { try? Account.named($0.name).userID })
    }

    private func makeContext(_ server: VirtualServer, ticketKeys: TicketKeys) throws -> CurrentServerContext? {
        guard server.usesTLS else { return nil }
        let settings = ServerSettings(
            minimumVersion: server.tls.minimumVersion == .tls13 ? .tls13 : .tls12, minimumBits: server.tls.minimumBits ?? 0)
        do {
            return CurrentServerContext(
                try ServerContext(identities: identities(of: server), settings: settings, ticketKeys: ticketKeys))
        } catch {
            throw CannotUse(server: server.name, reason: "\(error)")
        }
    }

    /// One identity for each set of names; pairs for the same names with different kinds of keys stand side by side in it.
    private func identities(of server: VirtualServer) throws -> [ServerIdentity] {
        var groups: [[CertificatePair]] = []
        for name in server.tls.certificates {
            guard let files = topology.certificates[name], let pair = watch.pair(.init(files)) else { continue }
            let names = Set(pair.facts.names)
            if let index = groups.firstIndex(where: { Set($0[0].facts.names) == names }) {
                groups[index].append(pair)
            } else {
                groups.append([pair])
            }
        }
        return try groups.map { try ServerIdentity($0) }
    }

    private func say(_ event: CertificateWatch.Event) {
        switch event {
        case .renewed(let files, let facts):
            refused[files.certificate] = nil
            log.notice("certificate renewed", metadata: ["certificate": "\(files.certificate)", "until": "\(facts.notAfter)"])
        case .refused(let files, let error):
            refused[files.certificate] = "the changed certificate \(files.certificate) is not used, the old one stays: \(error)"
            log.error(
                "changed certificate not used, the old one stays", metadata: ["certificate": "\(files.certificate)", "error": "\(error)"])
        case .warning(_, let warning): log.warning("\(warning)")
        case .expires(let files, let days, let end):
            log.warning(
                "a certificate comes to its end",
                metadata: ["certificate": "\(files.certificate)", "days": "\(days)", "until": "\(end)"])
        case .expired(let files, let end):
            log.error("a certificate has expired", metadata: ["certificate": "\(files.certificate)", "until": "\(end)"])
        }
    }
}

extension CertificateFiles {
    init(_ files: ConfiguredCertificate) { self.init(certificate: files.certificate, key: files.key) }
}

extension VirtualServer {
    var usesTLS: Bool { tls.mode != .none || listeners.contains(where: \.implicitTLS) }
}
