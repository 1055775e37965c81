import CoreLink
import MailVocabulary
import NIOCore
import Testing

@testable import CoreService

@Suite("Tokens of sessions")
struct SessionTokensTests {
    private let start = NIODeadline.now()

    private func issue(
        _ tokens: inout SessionTokens, _ name: String = "anna", by issuer: SessionTokens.Issuer, _ now: NIODeadline
    ) throws -> SessionToken {
        tokens.issue(
            try #require(EmailAddress(parsing: "\(name)@postern.test")), loginKey: name, mechanism: .plain, virtualServer: "clients",
            by: issuer, now: now)
    }

    private func isGood(_ tokens: inout SessionTokens, _ token: SessionToken, _ now: NIODeadline) -> Bool {
        tokens.use(token, virtualServer: "clients", now: now) != nil
    }

    @Test("they end an hour after their last transaction and a day after they began")
    func life() throws {
        var tokens = SessionTokens()
        let issuer = tokens.newIssuer()
        let idle = try issue(&tokens, by: issuer, start)
        #expect(isGood(&tokens, idle, start + .minutes(59)))
        #expect(isGood(&tokens, idle, start + .minutes(118)))
        #expect(!isGood(&tokens, idle, start + .minutes(178)))
        let busy = try issue(&tokens, by: issuer, start)
        for minutes in stride(from: Int64(30), to: 24 * 60, by: 30) { #expect(isGood(&tokens, busy, start + .minutes(minutes))) }
        #expect(!isGood(&tokens, busy, start + .hours(24)))
        #expect(tokens.count == 0)
    }

    @Test("where there are as many as there may be, what was used longest ago makes room: in all, of an account, of a connection")
    func bounds() throws {
        var tokens = SessionTokens(limits: .init(tokens: 5, perIssuer: 4, perAccount: 2))
        let (one, other) = (tokens.newIssuer(), tokens.newIssuer())
        let anna = try (0..<3).map { _ in try issue(&tokens, by: one, start) }
        #expect(tokens.count == 2 && !isGood(&tokens, anna[0], start) && isGood(&tokens, anna[2], start))
        let others = try ["b", "c", "d"].map { try issue(&tokens, $0, by: one, start) }
        // `anna[1]` has not been used since.
        #expect(tokens.count == 4 && !isGood(&tokens, anna[1], start) && isGood(&tokens, anna[2], start))
        let late = try ["e", "f"].map { try issue(&tokens, $0, by: other, start) }
        // The connection with the most gives way.
        #expect(tokens.count == 5 && !isGood(&tokens, others[0], start))
        #expect(late.allSatisfy { isGood(&tokens, $0, start) })
    }

    @Test("100,000 that one connection asks for leave room for others, and end with it")
    func takenOver() throws {
        var tokens = SessionTokens()
        let (honest, taken) = (tokens.newIssuer(), tokens.newIssuer())
        let session = try issue(&tokens, "anna", by: honest, start)
        for number in 0..<100_000 { _ = try issue(&tokens, "user\(number % 5000)", by: taken, start) }
        #expect(tokens.count == 50_001 && isGood(&tokens, session, start))
        #expect(isGood(&tokens, try issue(&tokens, "bert", by: honest, start), start))
        #expect(tokens.forget(issuedBy: taken) == 50_000)
        #expect(tokens.count == 2 && isGood(&tokens, session, start))
    }

    @Test("an account that is removed and a credential that is revoked end theirs alone")
    func ends() throws {
        var tokens = SessionTokens()
        let issuer = tokens.newIssuer()
        let (anna, bert) = (try issue(&tokens, "anna", by: issuer, start), try issue(&tokens, "bert", by: issuer, start))
        tokens.forget(account: try #require(EmailAddress(parsing: "anna@postern.test")))
        #expect(!isGood(&tokens, anna, start) && isGood(&tokens, bert, start))
        tokens.forget(loginKey: "bert")
        #expect(tokens.count == 0)
    }
}
