import MailVocabulary
import Testing

@testable import NameResolution

struct MailExchangerOrderTests {
    private func exchangers(_ list: [(UInt16, String)]) throws -> [MailExchanger] {
        try list.map { MailExchanger(preference: $0, host: try domain($1)) }
    }

    @Test("lower preferences come first, equal ones in every order, and the seed decides which")
    func order() throws {
        let list = try exchangers([(20, "c"), (10, "a"), (10, "b"), (30, "e"), (20, "d")])
        var seen: Set<[String]> = []
        for seed in 0..<200 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            var again = SeededGenerator(seed: seed)
            let ordered = MailExchangerOrder.ordered(list, using: &generator)
            #expect(ordered == MailExchangerOrder.ordered(list, using: &again))
            #expect(ordered.map(\.preference) == [10, 10, 20, 20, 30])
            #expect(Set(ordered) == Set(list))
            seen.insert(ordered.map(\.host.text))
        }
        #expect(seen.count == 4)
    }

    @Test(
        "hosts that are not preferred to ourself are left out",
        arguments: [
            ([], ["a", "b", "c", "d"]), (["a"], []), (["b"], ["a"]), (["c"], ["a"]), (["d"], ["a", "b", "c"]), (["d", "b"], ["a"]),
        ] as [([String], [String])])
    func loops(_ ourselves: [String], _ expected: [String]) throws {
        let list = try exchangers([(10, "a"), (20, "b"), (20, "c"), (30, "d")])
        let left = MailExchangerOrder.withoutLoop(list) { ourselves.contains($0.host.text) }
        #expect(left.map(\.host.text) == expected)
    }
}
