import Testing

@testable import CommandLineTool

@Suite("When a credential ends")
struct ExpiryTests {
    private static let now: Int64 = 1_795_564_800  // 2026-11-25

    @Test("a time from now", arguments: [("90d", 90 * 86_400), ("1w", 604_800), ("36h", 129_600), ("36500d", 36_500 * 86_400)])
    func span(_ text: String, _ seconds: Int) throws { #expect(try Expiry(text, now: Self.now).endsAt == Self.now + Int64(seconds)) }

    @Test("the last day")
    func day() throws { #expect(try Expiry("2026-11-30", now: Self.now).endsAt == Self.now + 6 * 86_400) }

    @Test(
        "anything else is refused",
        arguments: ["", "d", "0d", "-1d", "+1d", "1.5d", "90", "90D", "36501d", "9999999d", "2026-11-31", "2025-01-01", "soon"])
    func refused(_ text: String) { #expect(throws: Expiry.Refusal.self) { _ = try Expiry(text, now: Self.now) } }

    @Test(
        "the last use, as a person says it",
        arguments: [
            ("", "never"), ("2026-11-24T23:59:30.000Z", "just now"), ("2026-11-24T23:58:40.000Z", "1 minute ago"),
            ("2026-11-24T21:40:00.000Z", "2 hours ago"), ("2026-11-24T00:00:00.000Z", "24 hours ago"),
            ("2026-11-01T00:00:00.000Z", "24 days ago"), ("2023-11-01T00:00:00.000Z", "3 years ago"), ("nonsense", "nonsense"),
        ])
    func use(_ text: String, _ words: String) { #expect(HumanTime.use(text, now: Self.now) == words) }

    @Test(
        "the end, as a person says it",
        arguments: [
            ("", "never"), ("2026-11-25T00:00:00.000Z", "expired"), ("2026-11-25T00:00:30.000Z", "in 1 minute"),
            ("2027-02-23T00:00:00.000Z", "in 90 days"),
        ])
    func end(_ text: String, _ words: String) { #expect(HumanTime.expiry(text, now: Self.now) == words) }
}
