import Authentication
import CSASL
import Credentials
import Foundation
import Glibc
import MailVocabulary

/// A realm without a KDC: a keytab with the key of smtp/mail.a.example, and a credentials cache with a ticket for it that is sealed with that key,
/// as a KDC would have made it (RFC 4120 §5.3).
final class KerberosRealm: Sendable {
    static let shared: KerberosRealm = {
        do { return try KerberosRealm() } catch { fatalError("\(error)") }
    }()

    private static let realm = "A.EXAMPLE"
    private static let service = ["smtp", "mail.a.example"]
    /// aes256-cts-hmac-sha1-96 (RFC 3962).
    private static let encryption: UInt16 = 18
    private static func key(_ seed: Int) -> [UInt8] { (0..<32).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ seed) } }
    private static let serviceKey = key(11)
    private static let sessionKey = key(77)

    private let cache: String
    private let hostname: DomainName
    private let settings: SASLServer.Settings

    private init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-kerberos-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (keytab, cache) = (folder.appendingPathComponent("krb5.keytab"), folder.appendingPathComponent("cache"))
        let configuration = folder.appendingPathComponent("krb5.conf")
        try """
        [libdefaults]
        default_realm = A.EXAMPLE
        dns_lookup_kdc = false
        dns_lookup_realm = false
        dns_canonicalize_hostname = false
        rdns = false
        qualify_shortname = ""
        [domain_realm]
        .a.example = A.EXAMPLE

        """.write(to: configuration, atomically: true, encoding: .utf8)
        setenv("KRB5_CONFIG", configuration.path, 1)
        // The same moment serves many exchanges.
        setenv("KRB5RCACHENAME", "none:", 1)
        try Data(Self.keytabFile).write(to: keytab)
        try Data(try Self.cacheFile()).write(to: cache)
        guard let hostname = DomainName(parsing: "mail.a.example"), let domain = DomainName(parsing: "a.example") else {
            fatalError("a domain name")
        }
        (self.cache, self.hostname) = ("FILE:\(cache.path)", hostname)
        settings = .init(
            mechanisms: [.gssapi], names: LoginNameForms(defaultDomain: domain, domains: [domain]),
            decoys: DecoyKeys(secret: Array("a secret of the fuzzer".utf8), iterations: 4096))
        try SASLLibrary.start(.init(keytab: keytab.path) { _ in })
    }

    func client() -> SASLClientExchange {
        SASLClientExchange(mechanism: .gssapi, credential: .kerberos(cache: cache), hostname: hostname)
    }

    func server() -> SASLServerExchange {
        SASLServer(settings: settings).exchange(.gssapi, facts: .init(hostname: hostname, isEncrypted: true))
    }

    // MARK: The ticket

    private struct Failed: Error { let code: krb5_error_code }

    private static func ticket() throws -> [UInt8] {
        let part = DER.application(
            3,
            DER.sequence(
                DER.bits([0, 0x40, 0, 0]), encryptionKey(sessionKey), DER.string(realm), principal(type: 1, ["anna"]),
                DER.sequence(DER.integer(1), DER.octets([])), DER.time("20200101000000Z"), DER.time("20200101000000Z"),
                DER.time("20371231235959Z")))
        return DER.application(
            1,
            DER.sequence(
                DER.integer(5), DER.string(realm), principal(type: 3, service),
                DER.sequence([(0, DER.integer(Int(encryption))), (1, DER.integer(1)), (2, DER.octets(try sealed(part)))])))
    }

    private static func encryptionKey(_ key: [UInt8]) -> [UInt8] { DER.sequence(DER.integer(Int(encryption)), DER.octets(key)) }

    private static func principal(type: Int, _ parts: [String]) -> [UInt8] {
        DER.sequence(DER.integer(type), DER.element(0x30, parts.flatMap(DER.string)))
    }

    /// With the service's key, for what a ticket has (usage 2, RFC 4120 §7.5.1).
    private static func sealed(_ plain: [UInt8]) throws -> [UInt8] {
        var context: krb5_context?
        var code = krb5_init_context(&context)
        guard code == 0 else { throw Failed(code: code) }
        defer { krb5_free_context(context) }
        var length = 0
        code = krb5_c_encrypt_length(context, krb5_enctype(encryption), plain.count, &length)
        guard code == 0 else { throw Failed(code: code) }
        var (key, plain, cipher) = (serviceKey, plain, [UInt8](repeating: 0, count: length))
        code = key.withUnsafeMutableBufferPointer { key in
            plain.withUnsafeMutableBytes { plain in
                cipher.withUnsafeMutableBytes { cipher in
                    var block = krb5_keyblock()
                    (block.enctype, block.length, block.contents) = (krb5_enctype(encryption), UInt32(key.count), key.baseAddress)
                    var input = krb5_data()
                    (input.length, input.data) = (UInt32(plain.count), plain.baseAddress?.assumingMemoryBound(to: CChar.self))
                    var output = krb5_enc_data()
                    output.ciphertext.length = UInt32(cipher.count)
                    output.ciphertext.data = cipher.baseAddress?.assumingMemoryBound(to: CChar.self)
                    return krb5_c_encrypt(context, &block, 2, nil, &input, &output)
                }
            }
        }
        guard code == 0 else { throw Failed(code: code) }
        return cipher
    }

    // MARK: The files of MIT Kerberos

    /// Version 2: one entry.
    private static var keytabFile: [UInt8] {
        func counted(_ text: String) -> [UInt8] { [0, UInt8(text.utf8.count)] + Array(text.utf8) }
        let entry: [UInt8] =
            [0, 2] + counted(realm) + service.flatMap(counted) + [0, 0, 0, 3, 0, 0, 0, 0, 1, 0, UInt8(encryption), 0, 32] + serviceKey
        return [5, 2, 0, 0, 0, UInt8(entry.count)] + entry
    }

    /// Version 4: whose it is, a ticket for tickets, which nobody looks into, and the service's.
    private static func cacheFile() throws -> [UInt8] {
        func number(_ value: Int) -> [UInt8] { (0..<4).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        func counted(_ octets: [UInt8]) -> [UInt8] { number(octets.count) + octets }
        func name(_ type: Int, _ parts: [String]) -> [UInt8] {
            number(type) + number(parts.count) + counted(Array(realm.utf8)) + parts.flatMap { counted(Array($0.utf8)) }
        }
        let (ticket, anna, end) = (try ticket(), name(1, ["anna"]), 2_145_916_799)
        func credential(_ server: [UInt8]) -> [UInt8] {
            let times = number(1_577_836_800) + number(1_577_836_800) + number(end) + number(0)
            return anna + server + [0, UInt8(encryption)] + counted(sessionKey) + times + [0] + number(0x0040_0000) + number(0) + number(0)
                + counted(ticket) + counted([])
        }
        return [5, 4, 0, 0] + anna + credential(name(2, ["krbtgt", realm])) + credential(name(3, service))
    }
}

/// As much of DER as a ticket takes (X.690 §10).
private enum DER {
    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] = count < 128 ? [UInt8(count)] : [0x82, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
        return [tag] + (count >= 128 && count < 256 ? [0x81, UInt8(count)] : length) + content
    }

    static func application(_ number: UInt8, _ content: [UInt8]) -> [UInt8] { element(0x60 | number, content) }
    static func sequence(_ fields: [(UInt8, [UInt8])]) -> [UInt8] { element(0x30, fields.flatMap { element(0xA0 | $0.0, $0.1) }) }
    static func sequence(_ fields: [UInt8]...) -> [UInt8] { sequence(fields.enumerated().map { (UInt8($0.offset), $0.element) }) }
    static func integer(_ value: Int) -> [UInt8] { element(0x02, [UInt8(value)]) }
    static func octets(_ value: [UInt8]) -> [UInt8] { element(0x04, value) }
    static func bits(_ value: [UInt8]) -> [UInt8] { element(0x03, [0] + value) }
    static func string(_ value: String) -> [UInt8] { element(0x1B, Array(value.utf8)) }
    static func time(_ value: String) -> [UInt8] { element(0x18, Array(value.utf8)) }
}
