import Testing

@testable import CommandLineTool

@Suite("The queue as a person sees it")
struct QueueListingTests {
    private func row(_ id: String, _ state: String, _ recipient: String, _ more: String = "") throws -> Row {
        try Row(
            #"""
            {"id":"\#(id)","state":"\#(state)","reverse_path":"anna@example.org","recipient":"\#(recipient)",\#
            "connector":"partner","next_hop":"dns:partner.example","attempts":2,"next_attempt_at":"2026-11-30T12:14:00.000Z"\#(more)}
            """#)
    }

    @Test("a line for each message, below it who waits, until when and why; 80 columns are enough")
    func lines() throws {
        var listing = QueueListing(time: .init(isExact: false, now: 1_796_040_000), paint: Paint(isOn: false))
        #expect(listing.isEmpty)
        let error = #","last_error":"450 4.2.0 the mailbox of this person is busy at this moment, come back later on""#
        let first = try listing.lines(of: row("ABC", "retry", "bert@partner.example", error))
        #expect(
            first == [
                "ABC  from anna@example.org", "  in 14 min     bert@partner.example",
                "                partner, dns:partner.example; 2 attempts",
                "                450 4.2.0 the mailbox of this person is busy at this moment,",
                "                come back later on",
            ])
        #expect(first.allSatisfy { $0.count <= 80 })
        #expect(try listing.lines(of: row("ABC", "active", "carl@partner.example")).first == "  under way     carl@partner.example")
        #expect(try listing.lines(of: row("DEF", "ready", "carl@partner.example")).prefix(2) == ["", "DEF  from anna@example.org"])
    }

    @Test("exact times where they are asked for, colours where there is a terminal")
    func forms() throws {
        var exact = QueueListing(time: .init(isExact: true), paint: Paint(isOn: false))
        #expect(try exact.lines(of: row("ABC", "retry", "b@c.example"))[1] == "  2026-11-30T12:14:00.000Z b@c.example")
        var painted = QueueListing(time: .init(isExact: false), paint: Paint(isOn: true))
        #expect(try painted.lines(of: row("ABC", "damaged", "b@c.example"))[1].contains("\u{1B}[31mdamaged"))
    }

    @Test(
        "times beside now are in the largest unit of which there are two",
        arguments: [
            (0, "now"), (40, "in 40 s"), (110, "in 1 min"), (120, "in 2 min"), (7199, "in 120 min"), (7200, "in 2 h"),
            (2 * 86_400, "in 2 days"),
        ] as [(Int64, String)])
    func times(after: Int64, expected: String) {
        let now: Int64 = 1_796_040_840
        #expect(HumanTime.Form(isExact: false, now: now - after).due("2026-11-30T12:14:00.000Z") == expected)
    }

    @Test("a table prints as its rows come, and its first rows say how wide it is")
    func table() {
        var printed: [String] = []
        var table = TextTable("ADDRESS", "SINCE") { printed.append($0) }
        table.finish()
        #expect(table.isEmpty && printed.isEmpty)
        for number in 0..<TextTable.measuredRows { table.add("user\(number)@x.example", "today") }
        #expect(printed.count == 1)
        table.add("a-very-long-name-further-down@x.example", "today")
        #expect(printed.last == "a-very-long-name-further-down@x.example  today")
        table.finish()
        #expect(printed.count == 2)
    }
}

@Suite("What was refused, released and deleted, as a person reads it")
struct HeldOutcomeTests {
    @Test("kind: held mail says since when and why, and when it is given up; an alias stands beside the recipient")
    func held() throws {
        var listing = QueueListing(time: .init(isExact: false, now: 1_796_040_000), paint: Paint(isOn: false))
        let row = try Row(
            #"""
            {"id":"ABC","state":"held","reverse_path":"","recipient":"bert@far.example","written_to":"info@x.example","connector":"gone",\#
            "next_hop":"dns:far.example","attempts":0,"next_attempt_at":"2026-11-30T12:14:00.000Z",\#
            "held_since":"2026-11-30T11:56:00.000Z","held_reason":"550 5.7.1 You may not write there"}
            """#)
        #expect(
            listing.lines(of: row) == [
                "ABC  from <> (a report)", "  held          bert@far.example (written to info@x.example)",
                "                refused by the configuration 4 min ago: 550 5.7.1 You may not",
                "                write there", "                given up in 14 min",
            ])
    }

    static let cases: [(answer: String, released: String, deleted: String, stays: Bool)] = [
        (#""released":1"#, "A: released 1 recipient", "A: nothing is left of it", false),
        (#""released":2"#, "A: released 2 recipients", "A: nothing is left of it", false),
        (
            #""released":1,"refused":2,"reason":"550 5.7.1 no""#,
            "A: released 1 recipient; 2 recipients still refused and held: 550 5.7.1 no",
            "A: nothing is left of it", true
        ),
        (#""reported":1"#, "A: 1 recipient refused; the sender is told", "A: nothing is left of it", false),
        (#""absent":true"#, "A: not in the queue", "A: not in the queue", false),
        (#""deleted":3"#, "A: nothing of it is held", "A: deleted 3 recipients", false),
        (
            #""deleted":1,"under_way":1"#, "A: nothing of it is held",
            "A: deleted 1 recipient; 1 recipient is being delivered now and stays", true
        ),
        (#""under_way":2"#, "A: nothing of it is held", "A: 2 recipients are being delivered now and stay", true),
    ]

    @Test("kind: one and several are said right, and what stays is told", arguments: cases)
    func words(answer: String, released: String, deleted: String, stays: Bool) throws {
        let outcome = HeldOutcome(try Row(#"{"id":"A",\#(answer)}"#))
        #expect(outcome.released == released && outcome.deleted == deleted && outcome.stays == stays)
    }
}
