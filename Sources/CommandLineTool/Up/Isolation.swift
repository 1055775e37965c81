import ServiceRuntime
import Topology

/// Whether the daemons are kept apart by Unix accounts of their own.
enum Isolation {
    /// What to say about daemons that share an account; nil where none do.
    ///
    /// - Parameter account: who starts them. Only root can give them their accounts.
    static func sentence(of daemons: [SupervisedDaemon], runAs: RunAs, account: Account) -> String? {
        guard account.userID == 0 else {
            return "all daemons run as \"\(account)\" and are not isolated from each other"
                + (runAs.accounts.isEmpty ? "" : ": only root can start them as run_as says")
        }
        var sharers: [String: [SupervisedDaemon]] = [:]
        for daemon in daemons { sharers[runAs.account(of: daemon.role) ?? account.name, default: []].append(daemon) }
        if sharers.count == 1, let name = sharers.keys.first {
            return "all daemons run as \"\(name)\" and are not isolated from each other"
                + (runAs.accounts.isEmpty ? ": run_as gives each an account of its own" : "")
        }
        let shared = sharers.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
        guard !shared.isEmpty else { return nil }
        return
            shared
            .map { "\($0.value.map(\.executableName).joined(separator: ", ")) run as \"\($0.key)\" and are not isolated from each other" }
            .joined(separator: "; ")
    }
}
