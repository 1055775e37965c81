import CoreLink
import MailVocabulary
import TopologyFile

/// Users, aliases and groups as the running core has them.
enum RunningDirectory {
    /// Ends the command where the core does not answer.
    static func document(_ client: ControlClient) async throws -> DirectoryDocument {
        func rows(_ command: ControlRequest.Command) async throws -> [Row] {
            try await client.objects(ControlRequest(command)).map { try Row($0) }
        }
        // What is no address is no address of the core's either; it sends none.
        func name(_ text: String) -> DirectoryDocument.Name? { EmailAddress(parsing: text).map { DirectoryDocument.Name($0) } }
        func entries(_ rows: [Row], _ member: String) -> [DirectoryDocument.Entry] {
            ListedEntry.entries(rows, member: member).compactMap { entry in
                name(entry.address).map {
                    DirectoryDocument.Entry($0, targets: entry.targets.compactMap(name), isForward: entry.forward)
                }
            }
        }
        return DirectoryDocument(
            users: try await rows(.userList).compactMap { name($0.value("address")) },
            aliases: entries(try await rows(.aliasList), "targets"), groups: entries(try await rows(.groupList), "members"))
    }
}
