import CrashModel

#if canImport(Glibc)
    import Glibc
#endif

/// From which seed is explored; at which points is no question, since all are. `POSTERN_CRASH_SEED=n` replays a run.
enum CrashSettings {
    /// Printed once, and part of every failure.
    static let seed: UInt64 = {
        let seed = variable("POSTERN_CRASH_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
        print("POSTERN_CRASH_SEED=\(seed) replays this run of the crash tests")
        return seed
    }()

    /// Every point, with the fixed policies and two that the seed decides.
    static func explorer(salt: UInt64) -> CrashExplorer {
        CrashExplorer(points: .all, policies: CrashPolicy.standard(seeded: 2, seed: seed &* 31 &+ salt), maximumFailures: 5)
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
