import MailVocabulary
import Testing

@testable import Credentials

@Suite("SCRAM-SHA-256 verifiers")
struct SCRAMVerifierTests {
    private func verifier(_ password: String = "pencil") throws -> SCRAMVerifier {
        let salt = try #require(Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
        return try SCRAMVerifier(password: PreparedPassword(password), salt: salt, iterations: 4096)
    }

    @Test("the keys prove and check the exchange of RFC 7677 §3")
    func rfc7677() throws {
        let verifier = try verifier()
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=\(nonce)"
        #expect(Base64.encode(try hmacSHA256(key: verifier.serverKey, message)) == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
        let proof = try #require(Base64.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
        let signature = try hmacSHA256(key: verifier.storedKey, message)
        #expect(try sha256(zip(proof, signature).map { $0 ^ $1 }) == verifier.storedKey)
    }

    @Test("the text form is that of other programs, and reads back")
    func text() throws {
        let verifier = try verifier()
        #expect(
            verifier.text
                == "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
                + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
        #expect(SCRAMVerifier(parsing: verifier.text) == verifier)
        #expect(!"\(verifier)".contains("WG5d"))
    }

    @Test(
        "anything else is no verifier",
        arguments: [
            "", "SCRAM-SHA-256", "SCRAM-SHA-1$4096:W22ZaJ0SNY7soEsUEjb6gQ==$K:K",
            "SCRAM-SHA-256$4096:$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
            "SCRAM-SHA-256$4095:W22Z$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
            "SCRAM-SHA-256$10000001:W22Z$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
            "SCRAM-SHA-256$-4096:W22Z$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
            "SCRAM-SHA-256$4096:W22Z$WG5d:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        ])
    func invalid(_ text: String) { #expect(SCRAMVerifier(parsing: text) == nil) }

    @Test("the right password matches, another does not, and two verifiers of one password differ in their salt")
    func matching() throws {
        let verifier = try SCRAMVerifier(password: PreparedPassword("pencil"), iterations: 4096)
        #expect(try verifier.matches(PreparedPassword("pencil")))
        #expect(try !verifier.matches(PreparedPassword("Pencil")))
        #expect(try verifier.salt != SCRAMVerifier(password: PreparedPassword("pencil"), iterations: 4096).salt)
    }

    @Test("base 64 of RFC 4648 §10, both ways", arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
    func base64(_ text: String) {
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"][text.utf8.count]
        #expect(Base64.encode(Array(text.utf8)) == expected)
        #expect(Base64.decode(expected) == Array(text.utf8))
    }

    @Test(
        "what encoding does not write is not decoded", arguments: ["Z", "Zg=", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm 9", "Zm-_"])
    func notBase64(_ text: String) { #expect(Base64.decode(text) == nil) }
}

@Suite("Password preparation")
struct PreparedPasswordTests {
    @Test(
        "ASCII passes; spaces and soft hyphens are mapped (RFC 4013 §3)",
        arguments: [
            ("correct horse ~!", "correct horse ~!"), ("I\u{AD}X", "IX"), ("a\u{A0}b\u{3000}c", "a b c"), ("Grüße€", "Grüße€"),
            // RFC 4013 §3, and what is typed decomposed.
            ("ª", "a"), ("\u{2168}", "IX"), ("m²m²", "m2m2"), ("u\u{308}", "ü"), ("ﬁn ①", "fin 1"), ("\u{FF21}\u{3000}", "A "),
            ("\u{1100}\u{1161}", "가"),
        ])
    func prepared(_ password: String, _ expected: String) throws {
        #expect(try PreparedPassword(password).octets == Array(expected.utf8))
    }

    @Test(
        "what cannot be a password is refused with its reason",
        arguments: [
            ("", PasswordError.empty), ("\u{AD}", .empty), ("a\u{7}", .prohibitedCharacter), ("a\0b", .prohibitedCharacter),
            ("a\u{85}", .prohibitedCharacter), ("\u{E000}", .prohibitedCharacter), ("a\nb", .prohibitedCharacter),
            (String(repeating: "x", count: 1025), .tooLong),
        ])
    func refused(_ password: String, _ expected: PasswordError) {
        #expect(throws: expected) { try PreparedPassword(password) }
    }

    @Test(
        "a password in every normal form matches the keys of any other, of keys from before normalisation too",
        arguments: ["m²m²", "u\u{308}ber", "\u{212B}ngström"])
    func forms(_ password: String) throws {
        let verifier = try SCRAMVerifier(password: PreparedPassword(password), iterations: 4096)
        for form in [UnicodeNormalization.composed, .compatibilityComposed] {
            #expect(try verifier.matches(received: form.of(password)))
        }
        #expect(try verifier.matches(received: password) && !verifier.matches(received: password + "x"))
        let former = try SCRAMVerifier(password: PreparedPassword(octets: Array(password.utf8)), iterations: 4096)
        #expect(try former.matches(received: password) && !former.matches(received: password + "x"))
    }

    @Test("the longest password is taken, and none shows itself")
    func bounds() throws {
        let password = try PreparedPassword(String(repeating: "x", count: 1024))
        #expect("\(password)" == "(password)")
    }
}
