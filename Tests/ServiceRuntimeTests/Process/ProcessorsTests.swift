import Testing

@testable import ServiceRuntime

@Suite("The processors of a process")
struct ProcessorsTests {
    @Test(
        "an affinity mask is counted, however many words it has",
        arguments: [("3", 2), ("1", 1), ("ff,ffffffff", 40), ("00000000,00000001", 1), ("f0", 4)])
    func mask(text: String, count: Int) {
        #expect(Processors.allowedCount(inStatus: "Name:\tx\nCpus_allowed:\t\(text)\nCpus_allowed_list:\t0-1\n") == count)
    }

    @Test("what is no mask is none", arguments: ["Name:\tx\n", "Cpus_allowed:\t0\n", "Cpus_allowed:\t\n", "Cpus_allowed:\t3g\n", ""])
    func noMask(text: String) { #expect(Processors.allowedCount(inStatus: text) == nil) }

    @Test("this process may use at least one")
    func own() { #expect(Processors.count() >= 1) }
}
