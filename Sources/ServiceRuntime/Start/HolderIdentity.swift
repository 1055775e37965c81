/// Names a process for as long as it lives: what leases belong to.
public enum HolderIdentity {
    public static func make() -> UInt64 { UInt64.random(in: 1 ... .max) }
}
