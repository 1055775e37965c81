import CLandlock
import Glibc
import Topology

/// Applies ``Bounds`` to the calling thread and to what it executes. Nothing takes them back.
public struct Confinement: Hashable, Sendable {
    /// What holds, for the log.
    public private(set) var held: [String] = []
    /// What does not, and why.
    public private(set) var missing: [String] = []

    /// Whether the kernel has anything of it for this process.
    public static var isPossible: Bool { Landlock.version != nil || SystemCalls.isAvailable }

    /// - Throws: ``ConfinementError``, where the kernel has a bound and does not apply it. The process must end then.
    public static func apply(_ bounds: Bounds) throws(ConfinementError) -> Confinement {
        var result = Confinement()
        result.applyNamespaces(bounds)
        try result.reduceCapabilities()
        guard clandlock_no_new_privileges() == 0 else { throw ConfinementError(call: "PR_SET_NO_NEW_PRIVS", errno: errno) }
        result.held.append("no new privileges")
        if let version = Landlock.version {
            try Landlock.apply(bounds, version: version)
            result.held.append("files (Landlock \(version))")
            if !bounds.hasNetwork, version < 4 { result.missing.append("TCP by Landlock (needs Linux 6.7)") }
        } else {
            result.missing.append("files (Landlock \(Landlock.oldestVersion), Linux 5.19 or later with it enabled)")
        }
        if SystemCalls.isAvailable {
            try SystemCalls.apply(bounds)
            result.held.append("system calls (seccomp)")
        } else {
            result.missing.append("system calls (seccomp)")
        }
        return result
    }

    /// Namespaces are root's to make, and containers often may not: what is refused is said.
    private mutating func applyNamespaces(_ bounds: Bounds) {
        if !bounds.hasNetwork {
            note("a network of its own", clandlock_own_network() == 0 ? nil : errno)
        }
        guard !bounds.hidden.isEmpty else { return }
        guard clandlock_own_mounts() == 0 else { return note("hidden folders", errno) }
        var isWhole = true
        for folder in bounds.hidden {
            guard clandlock_hide(folder) != 0, errno != ENOENT else { continue }
            note("\(folder) hidden", errno)
            isWhole = false
        }
        if isWhole { held.append("hidden folders") }
    }

    private mutating func note(_ bound: String, _ code: Int32?) {
        if let code { missing.append("\(bound) (\(String(cString: strerror(code))))") } else { held.append(bound) }
    }

    /// What root keeps until it becomes its account (linux/capability.h): CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, SETGID, SETUID,
    /// NET_BIND_SERVICE.
    static let keptCapabilities: Set<Int32> = [0, 1, 2, 3, 6, 7, 10]

    private mutating func reduceCapabilities() throws(ConfinementError) {
        for capability in Int32(0)..<64 where !Self.keptCapabilities.contains(capability) {
            guard clandlock_drop_capability(capability) != 0, errno != EINVAL else { continue }
            guard errno != EPERM else { return missing.append("capabilities (only root has any to give up)") }
            throw ConfinementError(call: "PR_CAPBSET_DROP", errno: errno)
        }
        held.append("capabilities")
    }
}

extension Confinement: CustomStringConvertible {
    public var description: String {
        let holds = held.isEmpty ? "nothing holds" : held.joined(separator: ", ")
        return missing.isEmpty ? holds : "\(holds); missing: \(missing.joined(separator: ", "))"
    }
}
