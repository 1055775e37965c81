import Testing

@testable import FrontEnd

@Suite("Event loops of a front end")
struct EventLoopCountTests {
    @Test("one for each processor, at least one and at most eight", arguments: [(0, 1), (1, 1), (2, 2), (8, 8), (9, 8), (256, 8)])
    func count(processors: Int, loops: Int) { #expect(EventLoopCount.forUse(of: processors) == loops) }
}
