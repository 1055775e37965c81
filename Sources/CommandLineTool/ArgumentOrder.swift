/// The words of a command line, brought into the order that the parser wants.
public enum ArgumentOrder {
    /// `--config F` may stand anywhere behind the first word, also between the words of a subcommand (`queue --config F list`): it is moved
    /// to the end of the options.
    public static func configurationLast(_ arguments: [String]) -> [String] {
        guard let first = arguments.first, !first.hasPrefix("-") else { return arguments }
        var (kept, moved): ([String], [String]) = ([first], [])
        var rest = arguments.dropFirst()
        while let word = rest.popFirst() {
            if word == "--" {
                return kept + moved + [word] + rest
            } else if word == "--config", let value = rest.popFirst() {
                moved += [word, value]
            } else if word.hasPrefix("--config=") {
                moved.append(word)
            } else {
                kept.append(word)
            }
        }
        return kept + moved
    }
}
