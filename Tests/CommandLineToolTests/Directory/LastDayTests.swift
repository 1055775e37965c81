import Testing

@testable import CommandLineTool

@Suite("The last day of a credential")
struct LastDayTests {
    /// 2026-11-24, 12:00 UTC.
    private let now: Int64 = 1_795_521_600

    @Test(
        "a day ends with its midnight in UTC",
        arguments: [
            ("2026-11-24", 1_795_564_800), ("2027-01-31", 1_801_440_000), ("2028-02-29", 1_835_481_600), ("9999-12-31", 253_402_300_800),
        ] as [(String, Int64)])
    func days(text: String, end: Int64) throws { #expect(try LastDay(text, now: now).endsAt == end) }

    @Test(
        "what is no day, or is over, is refused with what is wrong with it",
        arguments: [
            ("2027-02-30", "'2027-02-30' is not a day: that month has the days 1 to 28"),
            ("2027-02-29", "'2027-02-29' is not a day: that month has the days 1 to 28"),
            ("2100-02-29", "'2100-02-29' is not a day: that month has the days 1 to 28"),
            ("2027-04-31", "'2027-04-31' is not a day: that month has the days 1 to 30"),
            ("2027-13-01", "'2027-13-01' is not a day: there is no month 13"),
            ("2027-01-00", "'2027-01-00' is not a day: that month has the days 1 to 31"),
            ("1960-01-01", "'1960-01-01' is over already (accepted: today, or a day to come)"),
            ("2026-11-23", "'2026-11-23' is over already (accepted: today, or a day to come)"),
            ("20270-01-01", "'20270-01-01' is not a day (accepted: YYYY-MM-DD, such as 2027-01-31)"),
            ("2027-1-31", "'2027-1-31' is not a day (accepted: YYYY-MM-DD, such as 2027-01-31)"),
            ("2027-01-31T00:00", "'2027-01-31T00:00' is not a day (accepted: YYYY-MM-DD, such as 2027-01-31)"),
            ("+027-01-31", "'+027-01-31' is not a day (accepted: YYYY-MM-DD, such as 2027-01-31)"),
            ("", "'' is not a day (accepted: YYYY-MM-DD, such as 2027-01-31)"),
        ])
    func refusals(text: String, message: String) {
        #expect(throws: LastDay.Refusal(message: message)) { try LastDay(text, now: now) }
    }
}
