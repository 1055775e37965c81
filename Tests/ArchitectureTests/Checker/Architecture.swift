/// The architecture as rules: what docs/architecture.md draws.
struct Architecture {
    /// Targets from the bottom up; those of one row do not import each other.
    var rows: [[String]]
    /// C modules, and the only targets that may import each.
    var cModules: [String: Set<String>]
    /// What only tests link.
    var testOnly: Set<String>
    /// Targets that do without Foundation: bytes stay bytes there.
    var withoutFoundation: Set<String>
    /// Targets that do no input and output, and start no thread.
    var withoutIO: Set<String>
    /// Law 2: the process that holds the mail has no network.
    var core: String
    var forbiddenBelowCore: Set<String>
    /// What reaches beyond this machine, as it stands in code.
    var networkCalls: [String]
    /// What executables may import besides one service.
    var executableImports: Set<String>
    /// The executable that has all services.
    var allInOne: String
    /// Folders of tests that are about no single target.
    var freeTestFolders: Set<String>

    static let postern = Architecture(
        rows: [
            ["MailVocabulary"],
            ["UnixSockets"],
            ["TrustedFiles"],
            ["SMTPProtocol"],
            ["MessageFormat"],
            ["Topology"],
            ["ClientBudgets"],
            ["CLandlock"],
            ["CMemoryFile"],
            ["Confinement"],
            ["Routing"],
            ["TopologyFile"],
            ["DurableStorage"],
            ["MessageQueue"],
            ["Credentials"],
            ["Directory"],
            ["Explanation"],
            ["TransportSecurity", "NameResolution", "Authentication"],
            ["CoreLink"],
            ["SMTPServer"],
            ["SMTPClient"],
            ["LeasedDelivery"],
            ["ServiceRuntime"],
            ["FrontEnd"],
            ["EdgeService", "SubmissionService", "AuthService", "CoreService", "DeliveryService", "MailboxService", "CommandLineTool"],
            ["postern-edge", "postern-submission", "postern-auth", "postern-core", "postern-delivery", "postern-mailbox", "postern"],
            ["postern-in-one"],
        ],
        cModules: [
            "CSQLite": ["DurableStorage"], "COpenSSL": ["Credentials", "TransportSecurity"], "CUnbound": ["NameResolution"],
            "CIDN2": ["MailVocabulary"], "CUnistring": ["MailVocabulary"], "CSASL": ["Authentication"], "CCrashVFS": ["CrashModel"],
            "CSeccomp": ["Confinement"], "CLandlock": ["Confinement"], "CMemoryFile": ["ServiceRuntime"],
        ],
        testOnly: ["CrashModel", "CCrashVFS", "DialogueModel", "RoutingBench"],
        withoutFoundation: [
            "MailVocabulary", "SMTPProtocol", "MessageFormat", "Topology", "Routing", "MessageQueue", "CoreLink", "SMTPServer",
        ],
        withoutIO: ["ClientBudgets", "MailVocabulary", "SMTPProtocol", "MessageFormat", "Topology", "Routing"],
        core: "CoreService",
        forbiddenBelowCore: ["SMTPClient", "SMTPServer", "LeasedDelivery", "NameResolution", "TransportSecurity", "CUnbound"],
        networkCalls: [
            "bind(host:", "connect(host:", "SocketAddress(ipAddress", "makeAddressResolvingHost", "DatagramBootstrap", "RawSocketBootstrap",
            "getaddrinfo", "sockaddr_in", "socket(AF_INET",
        ],
        executableImports: ["ArgumentParser", "Dispatch"], allInOne: "postern-in-one",
        freeTestFolders: ["ArchitectureTests", "IntegrationTests", "QueueCrashTests"])

    /// The height of a target's row; nil for one without a row.
    func row(of target: String) -> Int? { rows.firstIndex { $0.contains(target) } }
}
