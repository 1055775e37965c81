import Topology

/// What the core keeps of logins: what failures cost, who may begin how many, and which mechanism `postern-auth` has died under.
///
/// It lives here, and not in the process that reads what strangers send: killing that one does not make guessing free.
struct LoginLedger {
    var throttle: LoginThrottle
    var allowance: LoginAllowance
    var crashes = MechanismCrashes()

    init(_ topology: Topology) {
        throttle = LoginThrottle(settings: .init(topology.identity.failures))
        allowance = LoginAllowance(budgets: topology.budgets)
    }

    /// Another configuration; what was counted stays.
    mutating func adopt(_ topology: Topology) {
        throttle.adopt(LoginThrottle.Settings(topology.identity.failures))
        allowance.adopt(topology.budgets)
    }
}
