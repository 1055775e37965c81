import Topology

/// The one model of the file: the decoder, the JSON Schema, the reference and the "not yet active" notices come from it.
enum ConfigurationModel {
    static let root = ValueModel.table(
        TableModel(
            [
                Key("version", .integer(1...1), required: true, "The version of this format."),
                Key("hostname", .text(.domain), default: "the machine's name", rows: ["E12"], "Our name in banner, EHLO and `Received`."),
                Key(
                    "default_domain", .text(.mailDomain), required: true,
                    "Completes bare names: `m.alexander`, a login without a domain."),
                Key(
                    "state_directory", .text(.path), default: "/var/lib/postern",
                    "Queue and directory; only the routing core opens it."),
                Key("runtime_directory", .text(.path), default: "/run/postern", "The Unix sockets; its path is short enough for them."),
                Key(
                    "run_as", .table(runAs), default: "whoever starts it",
                    "The Unix account of each daemon, checked at the other end of each socket."),
                Key(
                    "control_group", .text(.unixName), default: "nobody",
                    "The Unix group that may use the control socket, besides root and the core's account."),
                Key(
                    "domains", .map(.domain, placeholder: "domain", domain, minimum: 0), default: "none", rows: ["E22"],
                    "What we receive mail for."),
                Key(
                    "postmaster", .text(.person), default: "nobody",
                    "Gets mail for `postmaster@` each of our domains, unless the directory has that address (RFC 5321 §4.5.1)."),
                Key("budgets", .table(budgets), "What one client network may take of what all clients share."),
                Key("permissions", .table(permissions), "Who may write to whom, and as whom."),
                Key(
                    "certificates", .map(.identifier, placeholder: "name", .table(certificate), minimum: 0), rows: ["S11"],
                    "Certificates with their keys, by the names that virtual servers call them. A renewed pair is taken up without a reload."
                ),
                Key("resolver", .table(resolver), default: "the system's servers", "Who is asked for names."),
                Key("identity", .table(identity), "Where `postern-auth` looks besides the directory."),
                Key(
                    "virtual_servers", .map(.identifier, placeholder: "name", virtualServer, minimum: 1), required: true,
                    "The servers that mail comes in at."),
                Key(
                    "connectors", .map(.identifier, placeholder: "name", .table(connector), minimum: 1), required: true,
                    "The ways that mail goes on."),
                Key(
                    "outbound", .map(.identifier, placeholder: "name", .table(outbound), minimum: 0),
                    "How outgoing mail is sent: named profiles. A connector sends by `default` unless it names another; what a profile "
                        + "does not say is as in `default`."),
                Key("reports", .table(reports), "What becomes of reports besides their delivery."),
                Key(
                    "maximum_hops", .integer(1...1000), default: "\(Topology.defaultMaximumHops)", rows: ["E10"],
                    "`Received` fields that a message may have; more is a loop: `554 5.4.6`."),
                Key(
                    "on_reroute_refusal", .words(RerouteRefusal.allCases), default: "hold",
                    "Mail in the queue that a later configuration refuses: `hold` keeps it for `postern queue release` or `delete`, until it "
                        + "expires or a reload permits it; `report` tells its sender at once."),
                Key("logs", .table(logs), rows: ["E21"], "What is logged, and how."),
            ],
            misplaced: [
                "relay": "relaying belongs to a submission server, or, for certain domains, to a connector",
                "authentication": "authentication belongs to a submission server",
                "certificate": "the key is called `certificates`",
            ]))

    static let runAs = TableModel(
        Role.allCases.map { role in
            Key(
                role.rawValue, .text(.unixName), default: "whoever starts it",
                "The account of `postern-\(role.rawValue)`.")
        })

    static let domain = ValueModel.either([
        .words("authoritative", "shared"),
        .table(
            TableModel([
                Key(
                    "shared",
                    .table(
                        TableModel([
                            Key(
                                "unknown_to", .text(.smartHost), required: true, rows: ["E06"],
                                "The host that mail to unknown recipients goes to.")
                        ])),
                    "A shared domain whose unknown recipients go to a named host."),
                Key(
                    "alias_of", .text(.mailDomain), rows: ["E22"],
                    "The domain is another name of this one: an address in it is the same address there. An alias of an alias is an error."),
            ])),
    ])

    static let budgets = TableModel([
        Key(
            "share", .text(.share), default: "\(BudgetSettings.defaultShare)%",
            "What one network may take of each shared pool: open transactions, logins, look-ups, reverse DNS queries."),
        Key(
            "exempt", .list(.text(.subnet)), default: "[]",
            "Networks without a limit of their own, such as a load balancer's. Loopback is not exempt unless it is listed."),
        Key(
            "larger",
            .list(
                .table(
                    TableModel([
                        Key("from", .text(.subnet), required: true, "The network; the most specific entry counts."),
                        Key("factor", .integer(2...1000), required: true, "How many times the share and the limit of one network."),
                    ]))),
            default: "[]", "Networks in which many clients share an address, as behind NAT."),
    ])

    static let permissions = TableModel([
        Key(
            "receive",
            .list(
                .table(
                    TableModel([
                        Key("to", .principals(minimum: 1), required: true, "The recipients it is about."),
                        Key(
                            "from", .either([.words("everyone", "authenticated"), .list1(.text(.principals))]), required: true,
                            "Who may write to them; a list matches the authenticated account only."),
                    ]))),
            default: "[]", rows: ["S33"],
            "Users and groups who may be written to by some only. Every entry that matches a recipient must allow."),
        Key(
            "send_as",
            .list(
                .table(
                    TableModel([
                        Key("who", .principals(minimum: 1), required: true, "The accounts."),
                        Key(
                            "addresses", .list1(.text(.senderAddress)), required: true,
                            "The addresses they may send as; `*@example.org` is every address of that domain."),
                    ]))),
            default: "[]", "Addresses that accounts may send as, besides their own."),
        Key(
            "check_header", .boolean, default: "false",
            "Whether `From` of submitted mail, too, must be an address that the account may send as (RFC 6409 §6.1); otherwise `550 5.7.1`."
        ),
    ])

    static let certificate = TableModel([
        Key("certificate", .text(.path), required: true, "The chain, in PEM."),
        Key("key", .text(.path), required: true, "The private key, in PEM."),
    ])

    static let resolver = TableModel([
        Key("servers", .list1(.text(.nameServer)), default: "the system's servers", "Servers that are asked for everything."),
        Key(
            "dnssec",
            .either([
                .words("off"),
                .table(TableModel([Key("trust_anchor", .text(.path), required: true, "A file with DS or DNSKEY records.")])),
            ]),
            default: "the system's root anchor", later: .dnssec, "`off` switches validation off; a trust anchor replaces the system's."),
        Key(
            "hosts_file", .text(.path), default: "none",
            "A file in the format of hosts(5); its names are never asked of a server for their addresses."),
    ])

    static let identity = TableModel([
        Key(
            "saslauthd", .table(TableModel([Key("socket", .text(.path), required: true, "Its Unix socket.")])), default: "not asked",
            "saslauthd, for PAM and LDAP."),
        Key("ntlm_server", .text(.domain), default: "none", rows: ["S10"], "A domain controller that checks NTLM answers."),
        Key(
            "recoverable_secrets",
            .table(TableModel([Key("key", .text(.path), required: true, "The file of the key they are encrypted with.")])),
            default: "off", "Keeps secrets that can be recovered: for NTLM and CRAM-MD5 only."),
        Key(
            "iterations", .integer(4096...10_000_000), default: "100000",
            "PBKDF2 rounds of passwords set from now on: what each guess from a stolen directory costs, and each first login."),
        Key(
            "password_cache", .boolean, default: "true",
            "Whether `postern-auth` remembers, as digests in its memory, passwords that were right: the next login with the same one costs nothing."
        ),
        Key(
            "failures",
            .table(
                TableModel([
                    Key("delay", .duration(minimum: 0, orNone: false), default: "1s", "Before the first refusal is said; then doubling."),
                    Key("maximum_delay", .duration(minimum: 0, orNone: false), default: "3s", "The longest delay."),
                    Key("lock_after", .limit, default: "20", "So many failures lock."),
                    Key("lock_for", .duration, default: "10m", "How long it stays locked."),
                ])),
            "What wrong passwords cost, per client address and account."),
    ])

    static let reports = TableModel([
        Key(
            "copy_to", .text(.emailAddressOrNone), default: "none", rows: ["E04"], later: .reports,
            "Gets a copy of every non-delivery report."),
        Key(
            "badmail", .text(.path), default: "badmail/", rows: ["E05"],
            "The folder for reports that can themselves not be delivered: a file for each, with its reason, kept for 30 days and 500 MiB "
                + "together. Within the state directory, and relative to it."),
    ])

    static let logs = TableModel([
        Key("level", .words(LogSettings.Level.allCases), default: "info", "The least severe level that is written."),
        Key("format", .words(LogSettings.Format.allCases), default: "text on a terminal, json otherwise", "The form of a line."),
        Key(
            "protocol",
            .table(
                TableModel([
                    Key("format", .words(LogSettings.ProtocolLog.Format.allCases), default: "w3c", "The form of the log."),
                    Key("directory", .text(.path), required: true, "The folder of the log files."),
                ])),
            default: "none", rows: ["E21"], later: .protocolLogs, "A log of the dialogues."),
    ])
}
