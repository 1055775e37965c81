import ArgumentParser
import MailVocabulary
import NIOCore
import NameResolution
import Topology
import TransportSecurity

/// `postern dns records`
struct DNSRecordsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "records", abstract: "Print the DNS records that this configuration needs, as a zone file has them.",
        discussion: """
            MX, SPF, DMARC and SRV records of each domain, addresses, reverse names and TLSA records of the host. Its addresses are those of \
            this machine that the edge listens on and others can reach; --address says others, such as those outside a NAT. What \
            cannot be known here, such as the addresses that a smart host sends from, is a comment that says who knows it. The DNS is not asked.
            """)

    @Option(help: ArgumentHelp("A public address of this host; may be repeated.", valueName: "address")) var address: [String] = []
    @OptionGroup var file: ConfigurationOption

    func validate() throws {
        for text in address where IPAddress(parsing: text) == nil { throw ValidationError("--address: '\(text)' is not an address") }
    }

    func run() throws {
        let topology = try file.topology(files: .none)
        let records = NeededRecords(
            topology: topology,
            addresses: PublicAddresses(said: address.compactMap { IPAddress(parsing: $0) }, own: Self.ownAddresses, of: topology),
            certificates: Self.certificates(of: topology))
        StandardOutput.print(records.lines.joined(separator: "\n"))
    }

    /// Of this machine's interfaces; none where they cannot be read, and then --address has to say them.
    private static var ownAddresses: [IPAddress] {
        let devices = (try? System.enumerateDevices()) ?? []
        return devices.compactMap { $0.address?.ipAddress.flatMap { IPAddress(parsing: $0) } }
    }

    /// Of the edge, which others deliver to.
    private static func certificates(of topology: Topology) -> [Result<TLSARecord, NeededRecords.Reason>] {
        let names = topology.virtualServers.filter(\.isEdge).flatMap(\.tls.certificates)
        if names.isEmpty { return [.failure(.init(text: "the edge has no certificate"))] }
        return Set(names).sorted().compactMap { name in
            guard let files = topology.certificates[name] else { return nil }
            do throws(CertificateError) {
                let (pair, _) = try CertificatePair.load(CertificateFiles(certificate: files.certificate, key: files.key), now: .now())
                return .success(TLSARecord(usage: 3, selector: 1, matchingType: 1, data: pair.certificate.publicKeyDigest))
            } catch {
                return .failure(.init(text: "\(error)"))
            }
        }
    }
}
