import MailVocabulary
import Topology

/// The shapes of the files that stand beside a configuration: directory, policy tests, facts.
enum CompanionModel {
    static let envelope = ValueModel.table(TableModel(envelopeKeys))
    static let policyTests = ValueModel.list1(
        .table(
            TableModel(
                envelopeKeys + [Key("expect", .text(.reference), required: true, "`accept`, `refuse`, or the name of a connector.")])))

    static let directory = ValueModel.table(
        TableModel([
            Key("users", .list(.text(.account)), "Those with a mailbox."),
            Key("aliases", .map(.address, placeholder: "address", targets(minimum: 1), minimum: 0), "Other names."),
            Key("groups", .map(.address, placeholder: "address", targets(minimum: 0), minimum: 0), "Groups with their members."),
        ]))

    /// A list, or `{ forward: [...] }` where it may lead outside our domains.
    private static func targets(minimum: Int) -> ValueModel {
        let list = ValueModel.list(of: .text(.principal), minimum: minimum)
        return .either([list, .table(TableModel([Key("forward", list, required: true, "Targets, also outside our domains.")]))])
    }

    private static let envelopeKeys = [
        Key("via", .text(.reference), required: true, "The virtual server."),
        Key("client", .text(client), required: true, "The client's address."),
        Key("client_name", .text(.domain), "The host name that reverse DNS confirms."),
        Key("as", .text(.account), "Who is logged in."),
        Key("from", .text(reversePath), required: true, "The reverse-path."),
        Key("to", .text(.account), required: true, "The recipient."),
        Key("size", .octets, "Of the message."),
        Key("priority", .words(ContentRestrictions.Priority.allCases), "What the header says."),
        Key("system", .boolean, "Whether a program wrote it."),
        Key("at", .text(moment), "When; in local time."),
        Key("down", .either([.text(.reference), .list(.text(.reference))]), "Connectors that are down."),
    ]

    private static let client = TextKind("an address such as 203.0.113.9") { text in
        IPAddress(parsing: text) == nil ? "`\(text)` is not an IP address" : nil
    }
    private static let reversePath = TextKind("an address such as a@example.org, or <>") { text in
        text == "<>" ? nil : TextKind.account.problem(text)
    }
    private static let moment = TextKind("a time of the week such as `Mon 03:00`") { text in
        WrittenEnvelope.moment(text) == nil ? "`\(text)` is not a time of one day of the week" : nil
    }
}
