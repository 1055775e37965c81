import Topology

extension ConfigurationModel {
    static let connector = TableModel(
        [
            Key(
                "address_spaces",
                .list1(
                    .table(
                        TableModel([
                            Key(
                                "domain", .text(.addressSpace), required: true, rows: ["S22"],
                                "`*`: everything. `example.org`: itself. `*.example.org`: every name below it."),
                            Key("cost", .integer(1...100), default: "1", rows: ["S22"], "The lowest wins among equal spaces."),
                        ]))),
                required: true, rows: ["S22"],
                "The domains it covers. The most specific space wins, then the lowest cost; equals share the load."),
            Key(
                "deliver", .either([.words("dns"), .table(deliver)]), rows: ["S25"],
                "How it gets rid of mail; `dns`: by MX, then by address."),
            Key("hold_for", .table(holdFor), rows: ["S29"], later: .pull, "Keeps mail until it is asked for, instead of `deliver`."),
            Key(
                "relay", .boolean, default: "false", rows: ["S23"],
                "`true` opens these address spaces to strangers, over every virtual server."),
            Key(
                "acknowledge_open_relay", .boolean, default: "false", rows: ["S23"],
                "That an open relay to everywhere is meant: `relay: true` for `*` is refused without it (law 5)."),
            Key("restrictions", .table(restrictions), rows: ["S24"], "Who may send over it."),
            Key("content", .table(content), rows: ["E15"], "Which messages it carries."),
            Key(
                "schedule", .either([.words("always", "never"), .table(schedule)]), default: "always", rows: ["E14"], later: .schedules,
                "When it carries mail. A closed schedule holds mail."),
            Key(
                "tls",
                .table(
                    TableModel([
                        Key(
                            "mode", .words(ConnectorTLS.allCases), required: true, rows: ["E16"],
                            "`opportunistic`: where offered. `required`: not without. `verified`: and the certificate names the server."),
                        Key(
                            "ca", .text(.path), default: "the system's", rows: ["E16"],
                            "A PEM file with the authorities whose signature under a server's certificate counts."),
                    ])),
                default: "{ mode: opportunistic }", rows: ["E16"], "TLS towards the next hop."),
            Key(
                "authentication",
                .table(
                    TableModel(
                        [
                            Key("user", .text(.word), rows: ["E16"], "The login name; with `password_file`."),
                            Key(
                                "password_file", .text(.path), rows: ["E16"],
                                "Its first line is the password. Read at the start and at a reload; not to be open to everybody."),
                            Key(
                                "credentials_cache", .text(.path), rows: ["E16"],
                                "A file with a Kerberos ticket (GSSAPI), which something else keeps fresh."),
                            Key(
                                "in_clear", .boolean, default: "false", rows: ["E16"],
                                "`true`: the login may go over a connection without TLS."),
                        ], exactlyOne: [["password_file", "credentials_cache"]])),
                default: "anonymous", rows: ["E16"], "How it logs in at its smart hosts."),
            Key("helo", .boolean, default: "false", rows: ["E16"], "HELO instead of EHLO."),
            Key("outbound", .text(.reference), default: "default", "The name of its profile in `outbound`."),
            Key("pull", .table(pull), rows: ["S26", "S27", "S28"], later: .pull, "Asks a remote server for the mail it holds for us."),
            Key("link", .table(link), rows: ["S30"], later: .link, "Programs that bring a line up and down: no shell."),
        ],
        exactlyOne: [["deliver", "hold_for"]],
        misplaced: [
            "smart_hosts": "`smart_hosts` belongs into `deliver`", "lmtp": "`lmtp` belongs into `deliver`",
            "maildir": "`maildir` belongs into `deliver`", "direct_first": "`direct_first` belongs into `deliver`, beside `smart_hosts`",
            "cost": "a cost belongs to an address space", "domain": "a domain belongs into `address_spaces`",
            "retry": "`retry` belongs to a profile in `outbound`", "expiration": "`expiration` belongs to a profile in `outbound`",
            "limits": "limits of outgoing mail belong to a profile in `outbound`",
            "connections": "`connections` belongs to a profile in `outbound`",
        ])

    static let deliver = TableModel(
        [
            Key("maildir", .text(.maildir), "A Maildir for each user."),
            Key("lmtp", .text(.lmtp), "An LMTP server (RFC 2033)."),
            Key(
                "smart_hosts", .list1(.text(.smartHost)), rows: ["S25", "E13"],
                "Hosts that take everything. A name is looked up for its addresses (A and AAAA, never MX); an `[address]` is not looked up."
            ),
            Key(
                "direct_first", .boolean, default: "false", rows: ["E13"],
                "With `smart_hosts`: DNS is tried before them."),
        ],
        exactlyOne: [["maildir", "lmtp", "smart_hosts"]],
        misplaced: ["dns": "delivery by DNS is written `deliver: dns`"])

    static let holdFor = TableModel([
        Key("accounts", .list1(.text(.person)), required: true, rows: ["S29"], "Who may ask for the mail."),
        Key(
            "methods", .list1(.words(HoldFor.Trigger.allCases)), default: "[etrn, atrn]", rows: ["S29"],
            "How it is asked for: ETRN (RFC 1985), TURN (RFC 821), ATRN (RFC 2645)."),
    ])

    static let restrictions = TableModel([
        Key(
            "same_as", .text(.reference), default: "its own", rows: ["S24"],
            "The name of another connector, whose restrictions are these, too; then it stands alone."),
        Key("default", .words(Restrictions.Default.allCases), default: "accept", rows: ["S24"], "For whom no list matches."),
        Key(
            "accept_from", .principals(), default: "[]", rows: ["S24"],
            "Matches the authenticated account only; counts where the default is to reject."),
        Key(
            "reject_from", .principals(), default: "[]", rows: ["S24"],
            "Matches the authenticated account, or, where there is none, the reverse-path. Wins over `accept_from`."),
    ])

    static let content = TableModel([
        Key(
            "same_as", .text(.reference), default: "its own", rows: ["E15"],
            "The name of another connector, whose `content` is this, too; then it stands alone."),
        Key("maximum_size", .size(orNone: true), default: "none", rows: ["E15"], "Larger messages do not go over it."),
        Key(
            "priorities", .list1(.words(ContentRestrictions.Priority.allCases)), default: "[high, normal, low]", rows: ["E15"],
            "The priorities it carries."),
        Key(
            "types", .list1(.words(ContentRestrictions.MessageType.allCases)), default: "[system, non_system]", rows: ["E15"],
            "Whether it carries reports, other messages, or both."),
    ])

    static let schedule = TableModel([
        Key("at", .list1(.text(.window)), default: "always", rows: ["E14"], "Windows of the week, in local time."),
        Key(
            "oversize",
            .table(
                TableModel([
                    Key("over", .size, required: true, rows: ["E14"], "Larger messages go by this schedule."),
                    Key("at", .list1(.text(.window)), required: true, rows: ["E14"], "Windows of the week, in local time."),
                ])),
            default: "none", rows: ["E14"], "Another schedule for large messages."),
    ])

    static let pull = TableModel([
        Key("method", .words(HoldFor.Trigger.allCases), required: true, rows: ["S26"], "ETRN (RFC 1985), TURN (RFC 821), ATRN (RFC 2645)."),
        Key("domains", .list1(.text(.domain)), required: true, rows: ["S26"], "Our domains that mail is held for."),
        Key("from", .text(.smartHost), default: "the smart hosts", rows: ["S28"], "The server that is asked."),
        Key("when_sending", .boolean, default: "true", rows: ["S26"], "At each connection that sends."),
        Key(
            "at", .list(.text(.moment)), default: "[]", rows: ["S27"], "And at these times, in local time, also when nothing is to be sent."
        ),
    ])

    static let link = TableModel([
        Key("up", .list1(.text(.program)), required: true, rows: ["S30"], "The program that brings the line up, with its arguments."),
        Key("down", .list1(.text(.program)), default: "nothing is run", rows: ["S30"], "The program that takes it down."),
        Key("up_timeout", .duration, default: "60s", rows: ["S30"], "A line that is not up by then stays down; mail waits."),
        Key("idle", .duration, default: "5m", rows: ["S30"], "Without traffic for so long, the line goes down."),
    ])

    static let outbound = TableModel([
        Key(
            "connections",
            .table(
                TableModel([
                    Key("limit", .limit, default: "1000", rows: ["S03"], "Connections at once."),
                    Key("limit_per_domain", .limit, default: "100", rows: ["S05"], "At once to any one domain; not above `limit`."),
                    Key("timeout", .duration, default: "10m", rows: ["S04"], "A connection that is silent for so long is closed."),
                    Key("port", .integer(1...65535), default: "25", rows: ["S06"], "The TCP port of remote servers."),
                    Key("messages_per_connection", .limit, default: "20", rows: ["S07"], "Then a new connection is opened."),
                ])),
            "Outgoing connections."),
        Key(
            "source",
            .table(
                TableModel([
                    Key("ipv4", .text(.ipv4), default: "the kernel's choice", "The local address of IPv4 connections."),
                    Key("ipv6", .text(.ipv6), default: "the kernel's choice", "The local address of IPv6 connections."),
                    Key("family", .words(OutboundSource.Family.allCases), default: "any", "Which addresses of remote servers are used."),
                ])),
            default: "the kernel's choice", "The local end of outgoing connections."),
        Key(
            "retry",
            .table(
                TableModel([
                    Key(
                        "glitch",
                        .table(
                            TableModel([
                                Key("count", .integer(0...100), default: "3", rows: ["E07"], "How often, since it last answered."),
                                Key(
                                    "interval", .duration, default: "60s", rows: ["E07"],
                                    "Before each. Where `first` is shorter, that is waited."),
                            ])),
                        default: "{ count: 3, interval: 60s }", rows: ["E07"],
                        "How a next hop is tried again that could not be reached. That counts as no attempt of the mail that waits for it, and "
                            + "the intervals below follow, for the next hop as a whole."),
                    Key("first", .duration, default: "15m", rows: ["E07"], "After the first failure."),
                    Key("second", .duration, default: "30m", rows: ["E07"], "After the second."),
                    Key("third", .duration, default: "60m", rows: ["E07"], "After the third."),
                    Key("subsequent", .duration, default: "4h", rows: ["E07"], "After each further one."),
                ])),
            rows: ["E07"], "How long to wait after a failed attempt."),
        Key(
            "delay_notification", .duration(minimum: 1, orNone: true), default: "12h", rows: ["E08"], later: .reports,
            "After so long, the sender hears that the message still waits."),
        Key("expiration", .duration, default: "5d", rows: ["E09"], "After so long, the message is given up and reported."),
        Key(
            "masquerade_domain", .text(.domainOrNone), default: "none", rows: ["E11"], later: .masquerading,
            "Replaces the domain of reverse-paths."),
    ])
}
