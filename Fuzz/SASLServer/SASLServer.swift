import Authentication
import Credentials
import Foundation
import Glibc
import MailVocabulary

/// Any octets as the messages of one AUTH exchange with the server's side of every mechanism, through our checks and into libsasl2 and
/// libgssapi: no crash, an end within the steps that there may be, and nobody is let in.
///
/// The first octet says which mechanism and whether an initial response comes; then each message is a length in two octets and as many octets
/// as that, or as are left.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSASLServer(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    var messages = FuzzedMessages(UnsafeBufferPointer(start: start + 1, count: count - 1))
    let mechanism = SASLMechanism.allCases[Int(start[0] & 0x7F) % SASLMechanism.allCases.count]
    let exchange = Subject.server.exchange(mechanism, facts: Subject.facts)
    var answer = exchange.begin(start[0] & 0x80 == 0 ? messages.next() : nil)
    for _ in 0...SASLServerExchange.maximumSteps {
        switch answer {
        case .challenge: answer = exchange.step(messages.next())
        case .needsDerivation: fatalError("keys are derived at once")
        case .waitsForOthers: fatalError("there is no other system")
        case .succeeded(let identity): fatalError("let in as \(identity) with \(mechanism.rawValue)")
        case .failed: return 0
        }
    }
    fatalError("an exchange without an end: \(mechanism.rawValue)")
}

/// Messages one after another; empty ones when the octets are used up.
struct FuzzedMessages {
    private var rest: ArraySlice<UInt8>

    init(_ octets: UnsafeBufferPointer<UInt8>) { rest = Array(octets)[...] }

    mutating func next() -> [UInt8] {
        guard rest.count >= 2 else { return [] }
        let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
        let message = Array(rest.dropFirst(2).prefix(length))
        rest = rest.dropFirst(2 + message.count)
        return message
    }
}

/// A server with one account, and a keytab with a key that nobody has a ticket for.
private enum Subject {
    private static let name: DomainName = {
        guard let name = DomainName(parsing: "mail.a.example") else { fatalError("a domain name") }
        return name
    }()

    static let facts = SASLServer.Facts(hostname: name, isEncrypted: true)

    static let server: SASLServer = {
        do {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-sasl-\(getpid())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let keytab = folder.appendingPathComponent("krb5.keytab").path
            try Data(keytabOctets).write(to: URL(fileURLWithPath: keytab))
            let configuration = folder.appendingPathComponent("krb5.conf").path
            try "[libdefaults]\ndefault_realm = A.EXAMPLE\ndns_lookup_kdc = false\n".write(
                toFile: configuration, atomically: true, encoding: .utf8)
            setenv("KRB5_CONFIG", configuration, 1)
            try SASLLibrary.start(.init(keytab: keytab) { _ in })
            guard let domain = DomainName(parsing: "a.example") else { fatalError("a domain name") }
            return SASLServer(
                settings: .init(
                    mechanisms: SASLMechanism.allCases, names: LoginNameForms(defaultDomain: domain, domains: [domain]),
                    decoys: DecoyKeys(secret: Array("a secret of the fuzzer".utf8), iterations: 4096), secretKey: try SecretKey()),
                source: try OneAccount())
        } catch {
            fatalError("\(error)")
        }
    }()

    /// The file format of MIT Kerberos, version 2: one entry, smtp/mail.a.example@A.EXAMPLE with aes256-cts-hmac-sha1-96.
    private static var keytabOctets: [UInt8] {
        func counted(_ text: String) -> [UInt8] { [0, UInt8(text.utf8.count)] + Array(text.utf8) }
        let key = (0..<32).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        let entry: [UInt8] =
            [0, 2] + counted("A.EXAMPLE") + counted("smtp") + counted("mail.a.example") + [0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 18, 0, 32] + key
        return [5, 2, 0, 0, 0, UInt8(entry.count)] + entry
    }

    private struct OneAccount: CredentialSource {
        let credential: StoredCredential

        init() throws {
            guard let account = EmailAddress(parsing: "anna@a.example") else { fatalError("an address") }
            credential = StoredCredential(
                loginName: "anna@a.example", account: account,
                verifier: try SCRAMVerifier(
                    password: PreparedPassword("a password that no input has, #\(UInt64.random(in: 0...UInt64.max))"), iterations: 4096))
        }

        func credential(for name: LoginName) throws(CredentialSourceFailure) -> StoredCredential? {
            name.lookups.contains("anna@a.example") ? credential : nil
        }
    }
}
