import Foundation
import Synchronization
import Testing

@testable import Authentication

/// libsasl2, started once for all suites, with a keytab and a Kerberos configuration that ``KerberosRealm`` fills.
enum TestLibrary {
    static let folder: URL = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sasl-\(UUID().uuidString.prefix(8))")
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch { fatalError("\(error)") }
        // try?: at the end of the process nobody is left to be told.
        atexit { try? FileManager.default.removeItem(at: TestLibrary.folder) }
        return folder
    }()

    static var keytab: String { folder.appendingPathComponent("krb5.keytab").path }
    static var kerberosConfiguration: String { folder.appendingPathComponent("krb5.conf").path }

    private static let lines = Mutex<[SASLLogLine]>([])

    /// What the library has said so far.
    static var log: [SASLLogLine] { lines.withLock { $0 } }

    private static let started: Result<Void, any Error> = Result {
        try KerberosRealm.configuration(kdcPort: 1).write(toFile: kerberosConfiguration, atomically: true, encoding: .utf8)
        setenv("KRB5_CONFIG", kerberosConfiguration, 1)
        try SASLLibrary.start(
            .init(keytab: keytab) { line in
                lines.withLock { if $0.count < 10_000 { $0.append(line) } }
            })
    }

    static func start() throws { try started.get() }
}
