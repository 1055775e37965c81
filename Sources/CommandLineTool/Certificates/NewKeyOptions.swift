import ArgumentParser
import TransportSecurity

/// The kind of a new key.
enum KeyAlgorithm: String, ExpressibleByArgument, CaseIterable {
    case ecdsa, rsa2048, rsa3072, rsa4096

    var algorithm: PrivateKey.Algorithm {
        switch self {
        case .ecdsa: .ecdsaP256
        case .rsa2048: .rsa2048
        case .rsa3072: .rsa3072
        case .rsa4096: .rsa4096
        }
    }
}

/// How a key is made and kept.
struct NewKeyOptions: ParsableArguments {
    @Option(help: "The kind of a new key: ecdsa (P-256), or RSA for clients of before 2010.") var algorithm = KeyAlgorithm.ecdsa
    @Flag(help: "Replace a key that is there.") var force = false
    @OptionGroup var group: KeyGroupOption
}

/// Who else may read a key.
struct KeyGroupOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Let this Unix group read the key (0640): where two daemons with accounts of their own share it.", valueName: "group"))
    var group: String?
}

/// A life in days.
struct LifetimeOption: ParsableArguments {
    @Option(help: ArgumentHelp("How long it is valid: 1 to 3650.", valueName: "days")) var days: Int?

    func validate() throws {
        if let days, !(1...3650).contains(days) { throw ValidationError("--days: \(days) is out of range (accepted: 1 to 3650)") }
    }

    func duration(default standard: Int) -> Duration { .seconds((days ?? standard) * 86_400) }
}
