import MailVocabulary
import MessageFormat
import Testing

@Suite("Who wrote a message, as From says")
struct AuthorFieldTests {
    private static func authors(_ header: String) -> Result<[String], AuthorField.Problem> {
        do throws(AuthorField.Problem) {
            return .success(try AuthorField.authors(beginning: Array(header.utf8)).map { "\($0)" })
        } catch {
            return .failure(error)
        }
    }

    @Test(
        "addresses are found behind names, comments, quotes and folds, in lists and groups",
        arguments: [
            ("a@x.example", ["a@x.example"]), (" Anna <a@x.example>", ["a@x.example"]),
            ("\"Smith, A. (B) <x@y>\" <a@x.example>", ["a@x.example"]),
            ("=?utf-8?q?J=C3=B6rg_=3Cevil=40y=3E?= <a@x.example>", ["a@x.example"]), ("Jörg Müller <jörg@x.example>", ["jörg@x.example"]),
            ("a@x.example (a <b@y.example>, (nested \\) ) c@z.example)", ["a@x.example"]),
            ("\r\n Anna\r\n\t<a@x.example>", ["a@x.example"]),
            ("a@x.example, B <b@x.example>,, c@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
            ("Team: a@x.example, b@x.example;, c@x.example", ["a@x.example", "b@x.example", "c@x.example"]),
            ("\"a b\"@x.example", ["\"a b\"@x.example"]), ("<\"a\\\"<@y\"@x.example>", ["\"a\\\"<@y\"@x.example"]),
            ("a@[192.0.2.1]", ["a@[192.0.2.1]"]), ("name.@carrier.example", ["\"name.\"@carrier.example"]),
            ("A. B. Smith <a@x.example>", ["a@x.example"]),
        ])
    func found(value: String, expected: [String]) {
        #expect(Self.authors("Subject: x\r\nFROM :\(value)\r\nTo: b@y.example\r\n\r\nFrom: body@z.example\r\n") == .success(expected))
    }

    @Test(
        "what readers could take for somebody else is unreadable",
        arguments: [
            "", "anna", "a@x.example b@y.example", "b@y.example <a@x.example>", "<a@x.example> <b@y.example>", "<a@x.example> b@y.example",
            "<a@x.example", "a@x.example>", "<@y.example:a@x.example>", "a@x.example (unclosed", "\"unclosed <a@x.example>",
            "a @ x @ y.example",
            "Undisclosed: ;", "<>", "a@x.example; <b@y.example", "\\<a@x.example>", "a@x.example)", "a@-x.example", "a\u{7}@x.example",
            "a b@x.example",
            "a@x.example\u{0}", "a@x.example, b", "x@y: a@x.example;", "a@[192.0.2.1", "a@x.example\u{202E}",
            Array(repeating: "a@x.example", count: 101).joined(separator: ","),
        ])
    func unreadable(value: String) { #expect(Self.authors("From: \(value)\r\n\r\n") == .failure(.unreadable)) }

    @Test("no field, two fields, and a header without an end say nobody")
    func problems() {
        #expect(Self.authors("Subject: x\r\n\r\nFrom: a@x.example\r\n") == .failure(.missing))
        #expect(Self.authors("From: a@x.example\r\nfrom: a@x.example\r\n\r\n") == .failure(.repeated))
        #expect(Self.authors("Fromage: a@x.example\r\nX-From: b@x.example\r\n\r\n") == .failure(.missing))
        #expect(Self.authors("From: a@x.example\r\n") == .failure(.headerTooLong))
        let long = "From: a@x.example\r\n" + String(repeating: "X-Long: " + String(repeating: "y", count: 900) + "\r\n", count: 80)
        #expect(Self.authors(long + "From: b@x.example\r\n\r\n") == .failure(.headerTooLong))
        // Bounded however it is written, and no stack grows with it.
        #expect(Self.authors("From: " + String(repeating: "(", count: 60_000) + "\r\n\r\n") == .failure(.unreadable))
        #expect(Self.authors("From: " + String(repeating: "<", count: 60_000) + "\r\n\r\n") == .failure(.unreadable))
    }
}
