import ArgumentParser
import CoreLink
import Foundation
import MailVocabulary
import ServiceRuntime
import Topology
import TopologyFile

/// `postern user export`
struct UserExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "A passwd-file for Dovecot, so that POP3 and IMAP take the same passwords.",
        discussion: """
            One line for each login name that has a password and has not expired, with its SCRAM-SHA-256 keys; devices open the mailbox of their \
            account. For root and the account of the core alone: who has the keys can guess passwords offline.

            With --to the file is replaced at once and as a whole, with mode 0640, and only where something has changed: fit for a timer.
            """)

    @Flag(help: "In Dovecot's format.") var dovecot = false
    @Option(help: ArgumentHelp("Write this file instead of standard output.", valueName: "file")) var to: String?
    @Option(help: ArgumentHelp("With --to: the group that may read it, such as dovecot.", valueName: "group")) var group: String?
    @Option(help: ArgumentHelp("The account that owns the mailboxes: name or number, for the field uid.", valueName: "account")) var uid:
        String?
    @Option(help: ArgumentHelp("The same for the field gid.", valueName: "group")) var gid: String?
    @Option(
        help: ArgumentHelp(
            "Each account's home: {user} and {domain} stand for its address. Without it: the Maildir, where the configuration has one.",
            valueName: "path"))
    var home: String?
    @OptionGroup var file: ConfigurationOption

    func validate() throws {
        guard dovecot else { throw ValidationError("--dovecot is missing: it is the one format there is") }
        guard group == nil || to != nil else { throw ValidationError("--group needs --to: standard output has no group") }
        for (name, value) in [("--uid", uid), ("--gid", gid), ("--home", home)] {
            if let value, value.contains(where: { $0 == ":" || $0.isNewline }) {
                throw ValidationError("\(name): '\(value)' has a colon, which ends a field of a passwd-file")
            }
        }
    }

    func run() async throws {
        let client = try ControlClient(file)
        var topology: Topology?
        if case .loaded(let loaded, _) = TopologyFile.load(path: file.path) { topology = loaded }
        let place = MailboxPlace(topology: topology, uid: uid ?? "", gid: gid ?? "", home: home)
        var passwd = DovecotPasswdFile()
        for line in try await client.objects(ControlRequest(.userExport)) {
            let row = try Row(line)
            guard let account = EmailAddress(parsing: row.value("account")) else { continue }
            let login = row.value("login_key")
            passwd.add(account: account, login: login.isEmpty ? nil : login, verifier: row.value("verifier"), place.fields(of: account))
        }
        for problem in passwd.problems { Environment.printError("postern: warning: \(problem)") }
        guard let to else { return StandardOutput.print(passwd.text, terminator: "") }
        if try ReplacedFile.write(passwd.text, to: to, mode: 0o640, group: group) {
            Environment.printError("wrote \(to): \(passwd.count) login names")
        }
    }
}
