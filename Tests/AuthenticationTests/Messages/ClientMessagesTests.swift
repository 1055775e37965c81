import Credentials
import MailVocabulary
import Testing

@testable import Authentication

@Suite("What a client may say with a mechanism")
struct ClientMessagesTests {
    /// What is wrong with the last of these messages; those before must be right.
    private func objection(_ mechanism: SASLMechanism, _ messages: [String]) -> String? {
        var check = clientMessages(of: mechanism)
        for message in messages.dropLast() { #expect(check.objection(to: Array(message.utf8)) == nil, "\(message)") }
        return check.objection(to: Array((messages.last ?? "").utf8))
    }

    @Test(
        "PLAIN: two NULs, and names in UTF-8",
        arguments: [
            ("\0anna\0pencil", true), ("bert\0anna\0pencil", true), ("\0\0", true), ("", false), ("anna", false), ("\0anna", false),
            ("\0anna\0pencil\0", false), ("\0\(String(repeating: "a", count: 1024))\0p", true),
            ("\0\(String(repeating: "a", count: 1025))\0p", false),
        ])
    func plain(message: String, isGood: Bool) { #expect((objection(.plain, [message]) == nil) == isGood, "\(message.debugDescription)") }

    @Test("PLAIN and LOGIN leave a password's octets to its check, and take no name that is not UTF-8")
    func encoding() {
        var plain = clientMessages(of: .plain)
        #expect(plain.objection(to: [0, 0x61, 0, 0xE9]) == nil)
        plain = clientMessages(of: .plain)
        #expect(plain.objection(to: [0, 0xE9, 0, 0x61]) != nil)
        var login = clientMessages(of: .login)
        #expect(login.objection(to: [0xE9]) != nil)
        #expect(login.objection(to: [0xE9]) == nil)
    }

    @Test("LOGIN: a name, a password, no NUL and no third message")
    func login() {
        #expect(objection(.login, ["anna", "pencil"]) == nil)
        #expect(objection(.login, ["", ""]) == nil)
        #expect(objection(.login, ["an\0na"]) != nil)
        #expect(objection(.login, ["anna", "pen\0cil"]) != nil)
        #expect(objection(.login, ["anna", "pencil", ""]) != nil)
    }

    @Test(
        "CRAM-MD5: a name, a space, 32 hexadecimal digits",
        arguments: [
            ("tim b913a602c7eda7a495b4e6e7334d3890", true), ("tim tom B913A602C7EDA7A495B4E6E7334D3890", true),
            (" b913a602c7eda7a495b4e6e7334d3890", true), ("b913a602c7eda7a495b4e6e7334d3890", false),
            ("tim b913a602c7eda7a495b4e6e7334d389", false), ("tim b913a602c7eda7a495b4e6e7334d389g", false), ("", false), ("tim", false),
            ("t\0im b913a602c7eda7a495b4e6e7334d3890", false),
        ])
    func cram(message: String, isGood: Bool) { #expect((objection(.cramMD5, [message]) == nil) == isGood, "\(message)") }

    @Test(
        "SCRAM's first message: a GS2 header without channel binding, a name, a nonce",
        arguments: [
            ("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", true), ("y,,n=user,r=abc", true), ("n,a=other,n=user,r=abc", true),
            ("n,,n=us=2Cer=3D,r=abc", true), ("n,,n=user,r=abc,x=more", true), ("n,,n=,r=abc", true), ("n,,n=us=er,r=abc", false),
            ("n,,n=us=2cer,r=abc", false), ("n,,n=user,r=", false), ("n,,r=abc,n=user", false), ("n,n=user,r=abc", false),
            ("p=tls-unique,,n=user,r=abc", false), ("x,,n=user,r=abc", false), ("n,b=x,n=user,r=abc", false),
            ("n,,m=x,n=user,r=abc", false), ("n,,n=user,r=abc,m=x", false), ("n,,n=user,r=a\u{7F}c", false), ("n,,n=us\0er,r=abc", false),
            ("n,,n=user", false), ("n,", false), ("", false), ("n,,n=user,r=abc,", false), ("n,,n=user,r=abc,xy=1", false),
        ])
    func scramFirst(message: String, isGood: Bool) {
        for mechanism in [SASLMechanism.scramSHA1, .scramSHA256] {
            #expect((objection(mechanism, [message]) == nil) == isGood, "\(message.debugDescription)")
        }
    }

    @Test("SCRAM's final message repeats the header, and has a proof of the hash's length")
    func scramFinal() {
        let first = "n,a=other,n=user,r=abc"
        let proof = Base64.encode([UInt8](repeating: 7, count: 32))
        let header = Base64.encode(Array("n,a=other,".utf8))
        #expect(objection(.scramSHA256, [first, "c=\(header),r=abcdef,p=\(proof)"]) == nil)
        #expect(objection(.scramSHA256, [first, "c=\(header),r=abcdef,x=1,p=\(proof)"]) == nil)
        for wrong in [
            "", "c=\(header)", "c=\(header),r=abcdef", "c=\(header),r=abcdef,p=", "c=\(header),r=abcdef,p=AAAA",
            "c=biws,r=abcdef,p=\(proof)",
            "c=\(header),p=\(proof),r=abcdef", "c=\(header),r=abcdef,p=\(proof),x=1", "c=\(header),r=,p=\(proof)", "c=,r=abc,p=\(proof)",
            "c=\(header),r=abcdef,p=\(proof.dropLast())",
        ] { #expect(objection(.scramSHA256, [first, wrong]) != nil, "\(wrong)") }
        #expect(objection(.scramSHA1, [first, "c=\(header),r=abcdef,p=\(proof)"]) != nil)
        #expect(objection(.scramSHA256, [first, "c=\(header),r=abcdef,p=\(proof)", ""]) == nil)
        #expect(objection(.scramSHA256, [first, "c=\(header),r=abcdef,p=\(proof)", "x"]) != nil)
    }

    @Test("the messages of every mechanism's own client half pass")
    func ownClient() throws {
        for mechanism in passwordMechanisms { #expect(try TestServer().logIn(mechanism, "anna").identity != nil, "\(mechanism.rawValue)") }
    }
}

@Suite("NTLM's messages")
struct NTLMMessagesTests {
    private static func number(_ value: Int, _ octets: Int) -> [UInt8] { (0..<octets).map { UInt8(value >> (8 * $0) & 0xFF) } }

    private static func negotiate(domain: (length: Int, offset: Int)? = (0, 0), type: Int = 1) -> [UInt8] {
        let head = Array("NTLMSSP\0".utf8) + number(type, 4) + number(0x207, 4)
        guard let domain else { return head }
        return head + number(domain.length, 2) + number(domain.length, 2) + number(domain.offset, 4) + [UInt8](repeating: 0, count: 8)
    }

    /// AUTHENTICATE with fields of these lengths, one behind another.
    private static func authenticate(_ lengths: [Int] = [24, 24, 8, 8, 8], shift: Int = 0, at position: Int = 0) -> [UInt8] {
        var (head, offset) = (Array("NTLMSSP\0".utf8) + number(3, 4), 52)
        for (index, length) in lengths.enumerated() {
            head += number(length, 2) + number(length, 2) + number(offset + (index == position ? shift : 0), 4)
            offset += length
        }
        return head + [UInt8](repeating: 0x41, count: lengths.reduce(0, +))
    }

    private func objection(_ messages: [[UInt8]]) -> String? {
        var check = clientMessages(of: .ntlm)
        var last: String?
        for message in messages { last = check.objection(to: message) }
        return last
    }

    @Test("NEGOTIATE has its signature, its type and fields within itself")
    func negotiate() {
        #expect(objection([Self.negotiate()]) == nil && objection([Self.negotiate(domain: nil)]) == nil)
        #expect(objection([Self.negotiate(domain: (4, 32)) + [65, 66, 67, 68]]) == nil)
        for wrong in [
            [], Array("NTLMSSP\0".utf8), Self.negotiate(type: 3), Self.negotiate(domain: (4, 32)), Self.negotiate(domain: (4, 8)),
            Self.negotiate(domain: (0xFFFF, 0x7FFF_FFFF)), Self.negotiate().dropLast(), [0] + Self.negotiate(),
        ] { #expect(objection([wrong]) != nil, "\(wrong)") }
    }

    @Test("AUTHENTICATE has answers of the lengths that there are, and every field within itself")
    func authenticate() {
        let first = Self.negotiate()
        for lengths in [[24, 24, 8, 8, 8], [0, 24, 0, 8, 0], [24, 60, 8, 8, 8], [24, 0, 8, 8, 8]] {
            #expect(objection([first, Self.authenticate(lengths)]) == nil, "\(lengths)")
        }
        for lengths in [[0, 0, 8, 8, 8], [1, 0, 0, 0, 0], [24, 25, 8, 8, 8], [24, 24, 1026, 8, 8], [24, 24, 8, 1026, 8]] {
            #expect(objection([first, Self.authenticate(lengths)]) != nil, "\(lengths)")
        }
        for position in 0..<5 {
            for shift in [1000, -200, 0x7FFF_0000] {
                #expect(objection([first, Self.authenticate(shift: shift, at: position)]) != nil, "\(position) \(shift)")
            }
        }
        let whole = Self.authenticate()
        for length in 0..<whole.count { #expect(objection([first, Array(whole.prefix(length))]) != nil) }
        #expect(objection([first, first]) != nil)
        #expect(objection([first, whole, whole]) != nil)
    }
}

@Suite("What a server may say to our client")
struct ServerMessagesTests {
    @Test(
        "SCRAM: a nonce, a salt and a count, then a signature or an error",
        arguments: [
            ("r=abc,s=QUJD,i=4096", true), ("r=abc,s=QUJD,i=4096,x=1", true), ("e=other-error", false), ("r=abc,s=,i=4096", false),
            ("r=abc,s=QUJ,i=4096", false), ("r=abc,s=QUJD,i=4x", false), ("r=abc,s=QUJD", false), ("", false),
            ("m=1,r=abc,s=QUJD,i=1", false),
        ])
    func first(message: String, isGood: Bool) {
        var check = serverMessages(of: .scramSHA256)
        #expect((check.objection(to: Array(message.utf8)) == nil) == isGood, "\(message)")
    }

    /// What is wrong with the last of these messages; those before must be right.
    private func objection(_ mechanism: SASLMechanism, _ messages: [[UInt8]]) -> String? {
        var check = serverMessages(of: mechanism)
        for message in messages.dropLast() { #expect(check.objection(to: message) == nil, "\(message)") }
        return check.objection(to: messages.last ?? [])
    }

    @Test("kind: a hostile server's octets before C reads them: NTLM's CHALLENGE has its type, and its field within itself")
    func ntlm() {
        func challenge(target: Int = 0, at offset: Int = 48, type: UInt8 = 2, octets: Int = 56) -> [UInt8] {
            func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
            let head =
                Array("NTLMSSP\0".utf8) + [type, 0, 0, 0] + number(target, 2) + number(target, 2) + number(offset, 4)
                + [UInt8](repeating: 0, count: 28)
            return Array((head + [UInt8](repeating: 0x41, count: 4096)).prefix(octets))
        }
        for good in [challenge(), challenge(octets: 32), challenge(target: 8), challenge(target: 0, at: 1 << 31)] {
            #expect(objection(.ntlm, [good]) == nil)
            #expect(objection(.ntlm, [[], good]) == nil)
        }
        let bad = [
            challenge(octets: 31), challenge(type: 1), challenge(type: 3), challenge(target: 9), challenge(target: 8, at: 31),
            challenge(target: 8, at: Int(UInt32.max)), challenge(target: 1025, at: 48, octets: 4096),
            Array("NTLMSSP ".utf8) + challenge().dropFirst(8),
        ]
        for message in bad { #expect(objection(.ntlm, [message]) != nil, "\(message.prefix(32))") }
        #expect(objection(.ntlm, [challenge(), challenge()]) != nil)
    }

    @Test("kind: a hostile server's octets before C reads them: CRAM-MD5's challenge is one, without NUL; prompts are short")
    func challengesAndPrompts() {
        #expect(objection(.cramMD5, [Array("<1896.697170952@postoffice.example.net>".utf8)]) == nil)
        for bad in [[], [0x3C, 0, 0x3E], [UInt8](repeating: 0x61, count: 1025)] { #expect(objection(.cramMD5, [bad]) != nil) }
        #expect(objection(.cramMD5, [[0x61], [0x61]]) != nil)
        for mechanism in [.plain, .login] as [SASLMechanism] {
            #expect(objection(mechanism, [Array("Username:".utf8), [], [0, 255]]) == nil)
            #expect(objection(mechanism, [[UInt8](repeating: 0x61, count: 1025)]) != nil)
        }
    }

    @Test("SCRAM's final message")
    func final() {
        let signature = Base64.encode([UInt8](repeating: 1, count: 32))
        for (message, isGood) in [("v=\(signature)", true), ("e=invalid-proof", true), ("v=AAAA", false), ("v=", false), ("x", false)] {
            var check = serverMessages(of: .scramSHA256)
            #expect(check.objection(to: Array("r=abc,s=QUJD,i=4096".utf8)) == nil)
            #expect((check.objection(to: Array(message.utf8)) == nil) == isGood, "\(message)")
        }
    }
}
