import CommandLineTool
import Testing

@Suite("The order of a command line")
struct ArgumentOrderTests {
    @Test(
        "--config may stand anywhere behind the first word",
        arguments: [
            (["queue", "--config", "F", "list"], ["queue", "list", "--config", "F"]),
            (["queue", "list", "--config", "F", "--json"], ["queue", "list", "--json", "--config", "F"]),
            (["user", "--config=F", "add", "a@b.test"], ["user", "add", "a@b.test", "--config=F"]),
            (["user", "--config", "F", "remove", "--", "--config"], ["user", "remove", "--config", "F", "--", "--config"]),
            (["check", "--config"], ["check", "--config"]),
            (["--help"], ["--help"]), ([], []),
        ])
    func order(arguments: [String], expected: [String]) { #expect(ArgumentOrder.configurationLast(arguments) == expected) }
}
