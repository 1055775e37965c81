import ArgumentParser
import TopologyFile

/// The words of a command line before they are parsed: who types what another mail system has, or slips, is told what it is here.
enum CommandWords {
    /// What other mail systems call it, and what it is here; the key is the whole phrase.
    private static let habits: [String: String] = [
        "mailq": "postern queue list", "queue ls": "postern queue list", "postqueue": "postern queue list",
        "sendq": "postern queue list", "qshape": "postern queue list",
        "flush": "`postern queue list` says when each recipient is tried again; a next hop that answers gets all its mail at once",
        "queue flush": "`postern queue list` says when each recipient is tried again; a next hop that answers gets all its mail at once",
        "postcat": "postern queue show ID", "queue cat": "postern queue show ID", "queue view": "postern queue show ID",
        "trace": "postern explain message ID", "exigrep": "postern explain message ID",
        "start": "postern up, or `systemctl start postern.target`", "run": "postern up", "serve": "postern up", "daemon": "postern up",
        "stop": "Ctrl-C at `postern up`, or `systemctl stop postern.target`",
        "restart": "systemctl restart postern.target; a changed configuration needs only `postern reload`",
        "refresh": "postern reload", "rehash": "postern reload",
        "configtest": "postern check", "validate": "postern check", "lint": "postern check", "verify": "postern check",
        "postconf": "postern check; every key is in `man postern.yaml`", "config": "postern check; every key is in `man postern.yaml`",
        "newaliases": "nothing: an alias counts at once; `postern alias add ADDRESS TARGET` makes one",
        "postmap": "nothing: aliases, groups and users are in the directory, and count at once", "aliases": "postern alias list",
        "adduser": "postern user add ADDRESS", "useradd": "postern user add ADDRESS", "passwd": "postern user password ADDRESS",
        "doveadm": "postern user, or postern credential", "mailbox": "postern user list", "users": "postern user list",
        "address": "postern explain recipient ADDRESS", "bt": "postern explain recipient ADDRESS",
        "cert": "postern certificate", "certs": "postern certificate", "version": "postern --version", "stats": "postern metrics",
        "spf": "postern dns records", "ping": "postern probe DOMAIN", "log": "journalctl -u 'postern-*', or the output of `postern up`",
        "logs": "journalctl -u 'postern-*', or the output of `postern up`",
    ]
    /// Words that mean the same below any command.
    private static let verbs = [
        "ls": "list", "rm": "remove", "del": "remove", "delete": "remove", "new": "add", "create": "add", "info": "show", "view": "show",
        "cat": "show",
    ]

    /// A sentence about a word that is no command where it stands; nil where all are, or an option comes first.
    static func problem(in arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = PosternCommand.self
        var path = "postern"
        for (number, word) in arguments.enumerated() {
            guard !word.hasPrefix("-") else { return nil }
            let children = subcommands(of: command)
            guard !children.isEmpty, word != "help" else { return nil }
            if let child = children.first(where: { name(of: $0) == word || $0.configuration.aliases.contains(word) }) {
                (command, path) = (child, path + " \(word)")
                continue
            }
            // What is no command here is an argument of the one that is meant.
            guard command.configuration.defaultSubcommand == nil else { return nil }
            let phrase = arguments[...number].joined(separator: " ").lowercased()
            return "`\(path)` has no command `\(word)`" + (advice(phrase, word, path, children) ?? "; `\(path) --help` lists them")
        }
        return nil
    }

    private static func advice(_ phrase: String, _ word: String, _ path: String, _ children: [any ParsableCommand.Type]) -> String? {
        if let habit = habits[phrase] { return habit.contains("`") ? "; here it is \(habit)" : "; here it is `\(habit)`" }
        let names = children.filter { $0.configuration.shouldDisplay }.map(name)
        if let verb = verbs[word.lowercased()], names.contains(verb) { return "; here it is `\(path) \(verb)`" }
        return TopologyFile.nearest(to: word, among: names).map { "; did you mean `\(path) \($0)`?" }
    }

    /// As the parser makes it of the type's name where there is none: `AddTarget` is `add-target`.
    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName
            ?? "\(command)".reduce(into: "") { name, letter in
                if letter.isUppercase, !name.isEmpty { name += "-" }
                name += letter.lowercased()
            }
    }

    private static func subcommands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        command.configuration.subcommands + command.configuration.groupedSubcommands.flatMap(\.subcommands)
    }
}
