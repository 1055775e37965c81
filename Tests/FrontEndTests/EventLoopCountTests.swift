import Testing

@testable import FrontEnd

@Suite("Event loops of a front end")
struct EventLoopCountTests {
    @Test(
        "one for each processor but one, which is the core's; at least one and at most eight",
        arguments: [(0, 1), (1, 1), (2, 1), (3, 2), (8, 7), (9, 8), (256, 8)])
    func count(processors: Int, loops: Int) { #expect(EventLoopCount.forUse(of: processors) == loops) }
}
