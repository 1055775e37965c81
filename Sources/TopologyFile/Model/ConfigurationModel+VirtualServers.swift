import MailVocabulary
import Topology

extension ConfigurationModel {
    static let virtualServer = ValueModel.byRole([
        (
            word: "edge",
            table: TableModel(
                commonKeys,
                misplaced: [
                    "relay": "an edge server relays for nobody: put `relay` on a server with `role: submission`, or `relay: true` on a "
                        + "connector whose address spaces are open to everyone",
                    "authentication": "an edge server is anonymous: put `authentication` on a server with `role: submission`",
                    "client_address": "an edge server always tells the client's address: `client_address` belongs to a submission server",
                ])
        ),
        (word: "submission", table: TableModel(commonKeys + submissionKeys)),
    ])

    private static var commonKeys: [Key] {
        [
            Key(
                "role", .words("edge", "submission"), required: true, rows: ["S21"],
                "`edge`: anonymous inbound mail, relays for nobody. `submission`: mail of users and of the computers in `relay`."),
            Key(
                "listen", .list1(.either([.text(.listener), .table(listener)])), required: true,
                "Where it listens. `[::]:25` stands beside `0.0.0.0:25`."),
            Key("tls", .table(serverTLS), default: "{ mode: none }", rows: ["S11", "S13", "S14"], "TLS for its clients."),
            Key("connections", .table(connections), "Who may connect, how many at once, how long without a word."),
            Key("reverse_dns", .table(reverseDNS), rows: ["S15"], "Whether a client's address is looked up, and what a bad answer means."),
            Key("limits", .table(limits), "What one session may bring."),
        ]
    }

    static let listener = TableModel([
        Key("address", .text(.listener), required: true, "Address and port."),
        Key("tls", .words("implicit"), default: "STARTTLS as in `tls`", "`implicit`: TLS from the first octet (RFC 8314)."),
    ])

    static let serverTLS = TableModel([
        Key(
            "mode", .words(ServerTLS.Mode.allCases), default: "offered", rows: ["S13"],
            "`required`: nothing but EHLO, STARTTLS, NOOP and QUIT before TLS."),
        Key(
            "certificate", .either([.text(.reference), .list1(.text(.reference))]), default: "default", rows: ["S11"],
            "The name of a pair in `certificates`, or several: the host that the client asks for, and the kinds of keys it knows, choose."),
        Key(
            "minimum_bits", .integer(1...256), default: "none in particular", rows: ["S14"],
            "A negotiated cipher with fewer bits is refused."),
        Key("minimum_version", .words(ServerTLS.Version.allCases), default: "\"1.2\"", "The lowest version of TLS."),
        Key(
            "acknowledge_tls_required", .boolean, default: "false",
            "On an edge server that strangers reach, `mode: required` refuses the mail of all who have no TLS (RFC 3207 §4 forbids that): an error "
                + "unless this says that it is meant."),
    ])

    static let connections = TableModel([
        Key(
            "limit", .limit, default: "\(ConnectionSettings.defaultLimit)", rows: ["S01"],
            "Concurrent connections. When all are taken, the one that has brought no mail for longest makes room."),
        Key(
            "limit_per_network", .limit,
            default: "\(ConnectionSettings.defaultLimitPerNetworkAtEdge) on an edge, "
                + "\(ConnectionSettings.defaultLimitPerNetworkAtSubmission) on a submission server", rows: ["S01"],
            "Concurrent connections of one client network: an IPv4 address or an IPv6 /64; a /48 has four times as many. See `budgets`."),
        Key("limit_per_address", .limit, "The former name of `limit_per_network`."),
        Key("timeout", .duration, default: "10m", rows: ["S02"], "A connection that is silent for so long is closed."),
        Key(
            "access",
            .table(
                TableModel(
                    [
                        Key("only", .list1(.text(.computer)), "Only these may connect."),
                        Key("all_except", .list(.text(.computer)), "All but these may connect."),
                    ],
                    exactlyOne: [["only", "all_except"]])),
            default: "everyone", rows: ["S16"],
            "Connection control: addresses, subnets, and host names by confirmed reverse DNS."),
    ])

    static let reverseDNS = TableModel([
        Key("lookup", .boolean, default: "false", rows: ["S15"], "Whether the address is looked up. It costs time."),
        Key(
            "on_failure", .words(ReverseDNSPolicy.FailureAction.allCases), default: "annotate", rows: ["S15"],
            "Where the client has no confirmed name: say so in the header, defer, or reject. A DNS that does not answer never rejects."),
    ])

    static let limits = TableModel([
        Key(
            "message_size", .size(orNone: true), default: "10MiB", rows: ["E01"],
            "Octets of one message, advertised in SIZE; more is `552 5.3.4`."),
        Key(
            "session_size", .size(orNone: true), default: "ten times message_size", rows: ["E02"],
            "Octets of all messages of one connection."),
        Key("recipients", .limit, default: "64000", rows: ["E03"], "Recipients of one message; the rest gets `452 4.5.3`."),
        Key("messages_per_connection", .limit, default: "none", rows: ["S07"], "Messages of one connection; then the client reconnects."),
        Key(
            "line_length", .limit, default: "none",
            "Octets of one line of a message; a longer one is `554 5.6.0`. Writers keep to 998 (RFC 5322 §2.1.1), and not all of them do."),
    ])

    private static let submissionKeys = [
        Key(
            "authentication", .table(authentication), default: "none", rows: ["S08", "S09", "S10", "S12"],
            "The authentication methods: none but those named are offered."),
        Key("relay", .table(relay), default: "nobody", rows: ["S17", "S18", "S19", "S20"], "Who may relay."),
        Key(
            "client_address", .words(SubmissionSettings.ClientAddress.allCases), default: "hidden",
            "Whether `Received` of submitted mail tells the client's address."),
    ]

    static let authentication = TableModel(
        [
            Key("anonymous", .boolean, default: "false", rows: ["S08"], "Whether a session may send without logging in."),
            Key(
                "basic",
                .table(
                    TableModel([
                        Key("mechanisms", mechanisms(.basic), default: "[PLAIN, LOGIN]", rows: ["S09"], "The mechanisms."),
                        Key(
                            "require_tls", .boolean, default: "true", rows: ["S12"],
                            "Neither offered nor accepted before TLS."),
                    ])),
                default: "not offered", rows: ["S09", "S12"], "The password itself goes over the line."),
            Key(
                "challenge",
                .table(
                    TableModel([Key("mechanisms", mechanisms(.challenge), default: "[SCRAM-SHA-256]", "The mechanisms.")])),
                default: "not offered", "The password is proven, not sent."),
            Key(
                "integrated",
                .table(
                    TableModel([
                        Key("mechanisms", mechanisms(.integrated), default: "[GSSAPI]", rows: ["S10"], "The mechanisms."),
                        Key("keytab", .text(.path), default: "the system's", rows: ["S10"], "The Kerberos keytab."),
                    ])),
                default: "not offered", rows: ["S10"], "Kerberos and NTLM."),
        ],
        misplaced: [
            "require_tls": "`require_tls` belongs to `basic`: it can be set only where basic authentication is on (S12)",
            "mechanisms": "mechanisms belong to `basic`, `challenge` or `integrated`",
        ])

    private static func mechanisms(_ method: SASLMechanism.Method) -> ValueModel {
        .list1(.words(SASLMechanism.allCases.filter { $0.method == method }))
    }

    static let relay = TableModel(
        [
            Key(
                "accounts",
                .either([
                    .words("none", "all"),
                    .table(
                        TableModel([
                            Key("grant", .principals(minimum: 1), required: true, rows: ["S19"], "These may."),
                            Key("deny", .principals(), default: "[]", rows: ["S19"], "These may not, whoever grants."),
                        ])),
                ]),
                default: "none", rows: ["S18", "S19"], "Which accounts may relay; `all`: whoever is logged in."),
            Key(
                "computers",
                .table(
                    TableModel(
                        [
                            Key("only", .list(.text(.computer)), rows: ["S17"], "Only these may."),
                            Key("all_except", .list(.text(.computer)), rows: ["S17", "S20"], "All but these may."),
                            Key(
                                "acknowledge_open_relay", .boolean, default: "false", rows: ["S20"],
                                "That a relay open to everyone is meant (law 5)."),
                        ],
                        exactlyOne: [["only", "all_except"]])),
                default: "{ only: [] }", rows: ["S17", "S20"],
                "Which computers may relay: addresses, subnets, and host names by confirmed reverse DNS."),
        ],
        misplaced: [
            "acknowledge_open_relay": "`acknowledge_open_relay` belongs to the rule that opens the relay: into `computers`",
            "only": "the list belongs into `computers`", "all_except": "the list belongs into `computers`",
        ])
}
