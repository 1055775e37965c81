import MailVocabulary
import Testing

@testable import Authentication

/// DER elements and tokens of Kerberos, put together for tests.
enum KerberosSample {
    static let mechanism: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02]

    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        switch content.count {
        case ..<0x80: [tag, UInt8(content.count)] + content
        case ..<0x100: [tag, 0x81, UInt8(content.count)] + content
        default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
    }

    /// A message of RFC 4120 with its version, its type, and what follows.
    static func message(_ number: UInt8, version: UInt8 = 5, _ fields: [[UInt8]]) -> [UInt8] {
        let head = [element(0xA0, [0x02, 0x01, version]), element(0xA1, [0x02, 0x01, number])]
        return element(0x60 | number, element(0x30, (head + fields).flatMap { $0 }))
    }

    static func request(version: UInt8 = 5, ticket: [UInt8] = element(0x61, [0x30, 0x00])) -> [UInt8] {
        message(
            14, version: version, [element(0xA2, [0x03, 0x05, 0, 0, 0, 0, 0]), element(0xA3, ticket), element(0xA4, [0x30, 0x00])])
    }

    static func framed(_ type: [UInt8], _ body: [UInt8], mechanism: [UInt8] = mechanism) -> [UInt8] {
        element(0x60, mechanism + type + body)
    }

    static func wrap(flags: UInt8 = 0, extra: UInt16 = 12, length: Int = 32) -> [UInt8] {
        [0x05, 0x04, flags, 0xFF, UInt8(extra >> 8), UInt8(extra & 0xFF), 0, 0] + [UInt8](repeating: 0, count: length - 8)
    }
}

@Suite("The framing of Kerberos tokens")
struct KerberosTokenTests {
    @Test("a framed AP-REQ may reach the library, also with a ticket that needs long lengths")
    func initial() {
        #expect(KerberosToken.initialObjection(KerberosSample.framed([1, 0], KerberosSample.request())) == nil)
        let long = KerberosSample.request(ticket: KerberosSample.element(0x61, [UInt8](repeating: 0, count: 2000)))
        #expect(KerberosToken.initialObjection(KerberosSample.framed([1, 0], long)) == nil)
    }

    @Test(
        "a token with another type, mechanism or length does not",
        arguments: [
            [],
            // What once crashed libgssapi_krb5: a good frame, the type of an AP-REP, and nothing in it.
            [0x60, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02, 0x02, 0x00],
            [0x60, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02, 0x01, 0x00],
            KerberosSample.framed([2, 0], KerberosSample.request()), KerberosSample.framed([3, 0], KerberosSample.request()),
            KerberosSample.framed([1, 1], KerberosSample.request()), KerberosSample.framed([0, 1], KerberosSample.request()),
            KerberosSample.framed([1, 0], KerberosSample.request(version: 4)),
            KerberosSample.framed([1, 0], KerberosSample.request() + [0]),
            KerberosSample.framed([1, 0], KerberosSample.request().dropLast()),
            KerberosSample.framed([1, 0], KerberosSample.message(14, [])),
            KerberosSample.framed([1, 0], KerberosSample.message(15, [KerberosSample.element(0xA2, [0x30, 0x00])])),
            KerberosSample.framed([1, 0], KerberosSample.request()) + [0],
            // SPNEGO, and the mechanism of IAKERB.
            KerberosSample.framed([1, 0], KerberosSample.request(), mechanism: [0x06, 0x06, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x02]),
            KerberosSample.framed([1, 0], KerberosSample.request(), mechanism: [0x06, 0x06, 0x2B, 0x06, 0x01, 0x05, 0x02, 0x05]),
            // An indefinite length, one that is longer than need be, and one of more than there is.
            [0x60, 0x80] + KerberosSample.mechanism + [1, 0] + KerberosSample.request() + [0, 0],
            [0x60, 0x81, 0x0D] + KerberosSample.mechanism + [1, 0],
            [0x60, 0x84, 0x7F, 0xFF, 0xFF, 0xFF] + KerberosSample.mechanism + [1, 0] + KerberosSample.request(),
        ] as [[UInt8]])
    func refused(token: [UInt8]) { #expect(KerberosToken.initialObjection(token) != nil) }

    @Test("a server answers with an AP-REP or a KRB-ERROR")
    func reply() {
        let reply = KerberosSample.message(15, [KerberosSample.element(0xA2, [0x30, 0x00])])
        let error = KerberosSample.message(30, [KerberosSample.element(0xA4, [0x18, 0x00])])
        #expect(KerberosToken.replyObjection(KerberosSample.framed([2, 0], reply)) == nil)
        #expect(KerberosToken.replyObjection(KerberosSample.framed([3, 0], error)) == nil)
        for token in [
            [], KerberosSample.framed([1, 0], KerberosSample.request()), KerberosSample.framed([2, 0], []),
            KerberosSample.framed([3, 0], []), KerberosSample.framed([2, 0], error), reply,
        ] { #expect(KerberosToken.replyObjection(token) != nil) }
    }

    @Test("a wrap token is of RFC 4121, from the right side, and has the octets that it says")
    func wrap() {
        #expect(KerberosToken.wrapObjection(KerberosSample.wrap(), from: .initiator) == nil)
        #expect(KerberosToken.wrapObjection(KerberosSample.wrap(flags: 6, extra: 0, length: 76), from: .initiator) == nil)
        #expect(KerberosToken.wrapObjection(KerberosSample.wrap(flags: 5), from: .acceptor) == nil)
        for token in [
            KerberosSample.wrap(flags: 1), KerberosSample.wrap(flags: 8), KerberosSample.wrap(extra: 13),
            KerberosSample.wrap(extra: 0xFFFF),
            KerberosSample.wrap(flags: 2, extra: 17), KerberosSample.wrap(length: 19), KerberosSample.wrap(length: 3000),
            [0x04, 0x04] + KerberosSample.wrap().dropFirst(2), KerberosSample.framed([2, 1], KerberosSample.wrap()),
        ] { #expect(KerberosToken.wrapObjection(token, from: .initiator) != nil) }
    }

    @Test("cut short anywhere, or changed in any octet of its frame, it is refused, and nothing is read beyond its end")
    func cuts() {
        let token = KerberosSample.framed([1, 0], KerberosSample.request())
        for length in 0..<token.count { #expect(KerberosToken.initialObjection(Array(token.prefix(length))) != nil) }
        for position in 0..<20 {
            var changed = token
            changed[position] ^= 0x01
            #expect(KerberosToken.initialObjection(changed) != nil, "\(position)")
        }
    }
}

@Suite("Kerberos messages that an exchange takes")
struct KerberosMessageTests {
    @Test("what is no token of Kerberos ends the exchange before the library has it, and counts as malformed")
    func exchange() throws {
        let server = try TestServer()
        let crash: [UInt8] = [0x60, 0x0D] + KerberosSample.mechanism + [0x02, 0x00]
        for (mechanism, message) in [
            (SASLMechanism.gssapi, crash), (.gssapi, []), (.gs2Kerberos, crash), (.gs2Kerberos, Array("n,,".utf8) + [0x02, 0x00]),
            (.gs2Kerberos, Array("F,n,,".utf8) + crash), (.gs2Kerberos, Array("p=tls-unique,,".utf8) + [0x01, 0x00]),
        ] {
            guard case .failed(let failure) = try server.exchange(mechanism).begin(message), case .malformed = failure else {
                Issue.record("\(mechanism.rawValue): \(message) was taken")
                continue
            }
            #expect(failure.reply.code == 501)
            let later = try server.exchange(mechanism)
            #expect(later.begin(nil) == .challenge([]))
            guard case .failed(.malformed) = later.step(message) else {
                Issue.record("\(mechanism.rawValue): \(message) was taken later")
                continue
            }
        }
    }

    @Test("a well-framed ticket that is none is refused, and nothing crashes")
    func nonsense() throws {
        let token = KerberosSample.framed([1, 0], KerberosSample.request())
        guard case .failed(let failure) = try TestServer().exchange(.gssapi).begin(token) else {
            Issue.record("let in")
            return
        }
        #expect(failure.reply.code == 535 || failure.reply.code == 454 || failure.reply.code == 501, "\(failure)")
    }

    @Test("a hostile server's token ends our own exchange")
    func client() {
        var messages = serverMessages(of: .gssapi)
        #expect(messages.objection(to: [0x60, 0x0D] + KerberosSample.mechanism + [0x01, 0x00]) != nil)
        #expect(messages.objection(to: KerberosSample.wrap(flags: 1)) == nil)
        #expect(messages.objection(to: KerberosSample.wrap()) != nil)
    }
}
