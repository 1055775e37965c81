// swift-tools-version: 6.2
import PackageDescription

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")

let package = Package(
    name: "postern",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        .systemLibrary(name: "CIDN2"),
        .systemLibrary(name: "CUnistring"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CUnbound"),
        .systemLibrary(name: "CSASL"),
        .systemLibrary(name: "CSeccomp"),
        .target(name: "CLandlock"),
        .target(name: "CMemoryFile"),

        // A target imports only from rows above its own (docs/architecture.md); a test holds the imports against this file.
        .target(name: "MailVocabulary", dependencies: ["CIDN2", "CUnistring"]),
        .target(name: "UnixSockets"),
        .target(name: "TrustedFiles", dependencies: ["UnixSockets"]),
        .target(name: "SMTPProtocol", dependencies: ["MailVocabulary", nioCore]),
        .target(name: "MessageFormat", dependencies: ["MailVocabulary", nioCore]),
        .target(name: "Topology", dependencies: ["MailVocabulary"]),
        .target(name: "ClientBudgets", dependencies: ["MailVocabulary", "Topology"]),
        .target(name: "Confinement", dependencies: ["CLandlock", "CSeccomp", "Topology"]),
        .target(name: "Routing", dependencies: ["MailVocabulary", "Topology"]),
        .target(name: "DurableStorage", dependencies: ["CSQLite", "MailVocabulary"]),
        .target(name: "MessageQueue", dependencies: ["ClientBudgets", "DurableStorage", "MailVocabulary", nioCore, nioPosix, deque]),
        .target(name: "Credentials", dependencies: ["COpenSSL", "MailVocabulary", "TrustedFiles"]),
        .target(name: "Directory", dependencies: ["Credentials", "DurableStorage", "MailVocabulary"]),
        .target(name: "TransportSecurity", dependencies: ["COpenSSL", "MailVocabulary", "TrustedFiles", nioCore]),
        .target(name: "Authentication", dependencies: ["CSASL", "Credentials", "MailVocabulary", "UnixSockets"]),
        .target(name: "NameResolution", dependencies: ["CUnbound", "MailVocabulary", "Topology", "TrustedFiles", logging, nioCore]),
        .target(name: "CoreLink", dependencies: ["MailVocabulary", "TrustedFiles", "UnixSockets", nioCore, nioPosix]),
        .target(name: "SMTPClient", dependencies: ["SMTPProtocol", "MailVocabulary", "TransportSecurity", nioCore, nioPosix]),
        .target(name: "LeasedDelivery", dependencies: ["CoreLink", "SMTPClient", "SMTPProtocol", "MailVocabulary", logging, nioCore]),
        .target(
            name: "TopologyFile",
            dependencies: ["MailVocabulary", "Topology", "Routing", "TrustedFiles", .product(name: "Yams", package: "Yams")]),
        .target(name: "Explanation", dependencies: ["Directory", "MailVocabulary", "Routing", "Topology", "TopologyFile"]),
        .target(
            name: "SMTPServer",
            dependencies: [
                "ClientBudgets", "MailVocabulary", "SMTPProtocol", "MessageFormat", "Topology", "TransportSecurity", "CoreLink", nioCore,
                nioPosix,
            ]),
        .target(
            name: "ServiceRuntime",
            dependencies: [
                "CMemoryFile", "MailVocabulary", "TrustedFiles", "Topology", "TopologyFile", "CoreLink", argumentParser, logging, nioCore,
            ]),
        .target(
            name: "CoreService",
            dependencies: [
                "ClientBudgets", "MailVocabulary", "MessageFormat", "Topology", "Routing", "DurableStorage", "MessageQueue", "Credentials",
                "Directory", "Explanation", "CoreLink", "ServiceRuntime", "TrustedFiles", argumentParser, logging, nioCore, nioPosix,
            ]),
        .target(
            name: "FrontEnd",
            dependencies: [
                "MailVocabulary", "SMTPProtocol", "MessageFormat", "Topology", "Routing", "NameResolution", "TransportSecurity",
                "ClientBudgets", "CoreLink", "SMTPServer", "ServiceRuntime", logging, nioCore, nioPosix,
            ]),
        .target(name: "EdgeService", dependencies: ["CoreLink", "FrontEnd", "ServiceRuntime", argumentParser]),
        .target(name: "SubmissionService", dependencies: ["CoreLink", "FrontEnd", "ServiceRuntime", argumentParser]),
        .target(
            name: "AuthService",
            dependencies: [
                "Authentication", "ClientBudgets", "CoreLink", "Credentials", "MailVocabulary", "ServiceRuntime", "Topology",
                "TrustedFiles",
                argumentParser, logging, nioCore, nioPosix,
            ]),
        .target(
            name: "DeliveryService",
            dependencies: [
                "MailVocabulary", "Topology", "Routing", "NameResolution", "TransportSecurity", "Authentication", "CoreLink", "SMTPClient",
                "LeasedDelivery", "ServiceRuntime", "TrustedFiles", argumentParser, logging, nioCore, nioPosix,
            ]),
        .target(
            name: "MailboxService",
            dependencies: [
                "MailVocabulary", "MessageFormat", "Topology", "Routing", "DurableStorage", "CoreLink", "SMTPClient", "LeasedDelivery",
                "ServiceRuntime", argumentParser, logging, nioCore, nioPosix,
            ]),
        .target(
            name: "CommandLineTool",
            dependencies: [
                "Confinement", "MailVocabulary", "Topology", "TopologyFile", "DurableStorage", "MessageQueue", "Directory", "Explanation",
                "Credentials", "TransportSecurity", "NameResolution", "SMTPProtocol", "CoreLink", "ServiceRuntime", "TrustedFiles",
                argumentParser, logging, nioCore, nioPosix,
            ]),

        .executableTarget(name: "postern", dependencies: ["CommandLineTool"]),
        .executableTarget(name: "postern-core", dependencies: ["CoreService"]),
        .executableTarget(name: "postern-edge", dependencies: ["EdgeService"]),
        .executableTarget(name: "postern-submission", dependencies: ["SubmissionService"]),
        .executableTarget(name: "postern-auth", dependencies: ["AuthService"]),
        .executableTarget(name: "postern-delivery", dependencies: ["DeliveryService"]),
        .executableTarget(name: "postern-mailbox", dependencies: ["MailboxService"]),
        // All of them in one file, for container images.
        .executableTarget(
            name: "postern-in-one",
            dependencies: [
                "AuthService", "CommandLineTool", "CoreService", "DeliveryService", "EdgeService", "MailboxService", "SubmissionService",
                argumentParser,
            ]),

        // For tests only: what a power loss would leave of every recorded step of storage.
        .target(name: "CCrashVFS", linkerSettings: [.linkedLibrary("sqlite3")]),
        // Optimised in every build: it makes tens of thousands of images.
        .target(name: "CrashModel", dependencies: ["CCrashVFS", "DurableStorage"], swiftSettings: [.unsafeFlags(["-O"])]),

        // For `scripts/bench` only: decisions per second.
        .executableTarget(name: "RoutingBench", dependencies: ["Routing", "MailVocabulary", "Topology"]),

        // For tests and the fuzzer only: a server session whose host answers by rule.
        .target(name: "DialogueModel", dependencies: ["MailVocabulary", "SMTPProtocol", nioCore]),

        .testTarget(name: "MailVocabularyTests", dependencies: ["MailVocabulary"]),
        .testTarget(name: "TopologyTests", dependencies: ["Topology", "MailVocabulary"]),
        .testTarget(
            name: "TopologyFileTests", dependencies: ["TopologyFile", "Topology", "MailVocabulary"], exclude: ["Fixtures"]),
        .testTarget(name: "SMTPProtocolTests", dependencies: ["DialogueModel", "SMTPProtocol", "MailVocabulary", nioCore]),
        .testTarget(
            name: "SMTPClientTests",
            dependencies: ["SMTPClient", "SMTPProtocol", "MailVocabulary", "TransportSecurity", nioCore, nioPosix]),
        .testTarget(
            name: "LeasedDeliveryTests",
            dependencies: ["LeasedDelivery", "CoreLink", "SMTPClient", "SMTPProtocol", "MailVocabulary", logging, nioCore, nioPosix]),
        .testTarget(
            name: "ServiceRuntimeTests",
            dependencies: ["ServiceRuntime", "CoreLink", "MailVocabulary", "Topology", "TopologyFile", logging, nioCore]),
        .testTarget(
            name: "CommandLineToolTests",
            dependencies: [
                "CommandLineTool", "Credentials", "Directory", "DurableStorage", "MessageQueue", "NameResolution", "ServiceRuntime",
                "Topology", "TopologyFile", "TransportSecurity", "TrustedFiles", "MailVocabulary", logging, nioCore,
            ]),
        .testTarget(
            name: "FrontEndTests",
            dependencies: [
                "FrontEnd", "CoreLink", "MailVocabulary", "NameResolution", "SMTPServer", "ServiceRuntime", "Topology", logging, nioCore,
                nioEmbedded, nioPosix,
            ]),
        .testTarget(name: "TrustedFilesTests", dependencies: ["TrustedFiles"]),
        .testTarget(name: "DurableStorageTests", dependencies: ["DurableStorage", "MailVocabulary"]),
        .testTarget(name: "MessageFormatTests", dependencies: ["MessageFormat", "MailVocabulary", nioCore]),
        .testTarget(name: "RoutingTests", dependencies: ["Routing", "MailVocabulary", "Topology"]),
        .testTarget(
            name: "ExplanationTests", dependencies: ["Directory", "Explanation", "MailVocabulary", "Routing", "Topology", "TopologyFile"]),
        .testTarget(name: "CredentialsTests", dependencies: ["Credentials", "MailVocabulary"]),
        .testTarget(name: "AuthenticationTests", dependencies: ["Authentication", "Credentials", "MailVocabulary"]),
        .testTarget(name: "AuthServiceTests", dependencies: ["AuthService", "MailVocabulary", "Topology", nioCore]),
        .testTarget(
            name: "SMTPServerTests",
            dependencies: ["SMTPServer", "CoreLink", "MailVocabulary", "Topology", nioCore, nioEmbedded, nioPosix]),
        .testTarget(name: "ClientBudgetsTests", dependencies: ["ClientBudgets", "MailVocabulary", "Topology"]),
        .testTarget(name: "DirectoryTests", dependencies: ["Directory", "DurableStorage", "MailVocabulary"]),
        .testTarget(name: "NameResolutionTests", dependencies: ["NameResolution", "MailVocabulary", nioCore, nioPosix]),
        .testTarget(
            name: "MessageQueueTests", dependencies: ["MessageQueue", "DurableStorage", "MailVocabulary", nioCore, nioPosix]),
        .testTarget(
            name: "TransportSecurityTests", dependencies: ["TransportSecurity", "MailVocabulary", nioCore, nioEmbedded, nioPosix]),
        .testTarget(
            name: "DeliveryServiceTests",
            dependencies: [
                "DeliveryService", "Authentication", "Credentials", "NameResolution", "SMTPClient", "TransportSecurity", "Topology",
                "MailVocabulary", logging, nioCore, nioPosix,
            ]),
        .testTarget(name: "CoreLinkTests", dependencies: ["CoreLink", "MailVocabulary", nioCore, nioPosix]),
        .testTarget(name: "CrashModelTests", dependencies: ["CrashModel", "DurableStorage", "MailVocabulary"]),
        .testTarget(
            name: "QueueCrashTests",
            dependencies: ["MessageQueue", "CrashModel", "DurableStorage", "MailVocabulary", nioCore, nioPosix]),
        .testTarget(
            name: "CoreServiceTests",
            dependencies: [
                "CoreService", "CoreLink", "CrashModel", "Credentials", "Directory", "DurableStorage", "MailVocabulary", "MessageQueue",
                "Routing", "SMTPServer", "Topology", "TopologyFile", logging, nioCore, nioPosix,
            ]),
        .testTarget(
            name: "MailboxServiceTests", dependencies: ["MailboxService", "CrashModel", "DurableStorage", "MailVocabulary", nioCore]),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(
            name: "IntegrationTests",
            exclude: [
                "Support/attack.py", "Support/bounds.py", "Support/dialogue.py", "Support/fake_server.py", "Support/guess.py",
                "Support/kernel_without.py",
                "Support/read_report.py",
                "Support/sasl.py",
                "Support/send_message.py",
            ]),
    ]
)

// Built by Fuzz/run alone, with a sanitizer that brings its own `main`.
if Context.environment["POSTERN_FUZZ"] != nil {
    let wholeModule: [SwiftSetting] = [.unsafeFlags(["-parse-as-library"])]
    func fuzzer(_ name: String, _ dependencies: [Target.Dependency], linking libraries: [String] = []) -> Target {
        .executableTarget(
            name: "Fuzz\(name)", dependencies: dependencies + [nioCore], path: "Fuzz/\(name)", exclude: ["corpus"],
            swiftSettings: wholeModule, linkerSettings: libraries.map { .linkedLibrary($0) })
    }
    package.targets += [
        fuzzer("SMTPCommands", ["DialogueModel"]),
        fuzzer("ContentFraming", ["DialogueModel"]),
        fuzzer("CoreLinkFrames", ["CoreLink"]),
        fuzzer("HeaderFilter", ["MailVocabulary", "MessageFormat"]),
        fuzzer("SASLServer", ["Authentication", "Credentials", "MailVocabulary"]),
        fuzzer("SASLClient", ["Authentication", "MailVocabulary"]),
        fuzzer("KerberosClient", ["Authentication", "CSASL", "Credentials", "MailVocabulary"], linking: ["k5crypto"]),
    ]
}
