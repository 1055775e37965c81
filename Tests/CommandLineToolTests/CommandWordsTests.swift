import Testing

@testable import CommandLineTool

@Suite("Words that are no commands")
struct CommandWordsTests {
    @Test(
        "a slip, and what other mail systems call it, lead to the right command",
        arguments: [
            (["quue", "list"], "`postern` has no command `quue`; did you mean `postern queue`?"),
            (["mailq"], "`postern` has no command `mailq`; here it is `postern queue list`"),
            (["queue", "ls"], "`postern queue` has no command `ls`; here it is `postern queue list`"),
            (["user", "delete", "carl"], "`postern user` has no command `delete`; here it is `postern user remove`"),
            (["certificate", "chek"], "`postern certificate` has no command `chek`; did you mean `postern certificate check`?"),
            (["dns", "xyzzy"], "`postern dns` has no command `xyzzy`; `postern dns --help` lists them"),
            (
                ["flush"],
                "`postern` has no command `flush`; here it is `postern queue list` says when each recipient is tried again; "
                    + "a next hop that answers gets all its mail at once"
            ),
        ])
    func advice(arguments: [String], expected: String) { #expect(CommandWords.problem(in: arguments) == expected) }

    @Test(
        "what is a command is none of it, nor what stands behind an option or is an argument",
        arguments: [
            [], ["queue", "list"], ["--help"], ["help", "queue"], ["queue", "help", "list"], ["queue", "--help"], ["user", "add", "ls"],
            ["credential", "remove", "x"], ["explain", "route", "--via", "x"], ["up"], ["explain", "b@far.test"],
            ["alias", "add-target", "x", "y"], ["group", "remove-member", "x", "y"],
        ])
    func commands(arguments: [String]) { #expect(CommandWords.problem(in: arguments) == nil) }
}
