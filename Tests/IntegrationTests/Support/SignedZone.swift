import Foundation

/// A zone that ldns has signed, and the trust anchor that vouches for it.
struct SignedZone {
    let name: String
    /// For unbound's `auth-zone`.
    let file: String
    /// A DS record of the zone's key.
    let anchor: String

    /// - Parameters:
    ///   - records: in zone file syntax; without those that every zone has.
    ///   - forged: text that replaces another after the signing, so that the signature is of something else.
    init(_ name: String, _ records: [String], forged: (from: String, to: String)? = nil, in folder: TemporaryFolder) async throws {
        self.name = name
        let zone = try folder.write(
            "\(name).zone",
            """
            \(name). 300 IN SOA ns.\(name). root.\(name). 1 3600 600 86400 300
            \(name). 300 IN NS ns.\(name).
            ns.\(name). 300 IN A 127.0.0.1
            \(records.joined(separator: "\n"))

            """)
        // It writes the keys to the working directory.
        let script =
            #"cd "$0" && key=$(ldns-keygen -a ECDSAP256SHA256 -k "$1") && cp "$key.ds" "$1.ds" && ldns-signzone -f "$2.signed" "$2" "$key""#
        let result = try await Program.run("sh", ["-c", script, folder.path, name, zone])
        guard result.status == 0 else { throw Program.Missing(name: "ldns-signzone (\(result.errors))") }
        file = zone + ".signed"
        anchor = folder.file("\(name).ds").path
        if let forged {
            let text = try String(contentsOfFile: file, encoding: .utf8).replacingOccurrences(of: forged.from, with: forged.to)
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        }
    }
}
