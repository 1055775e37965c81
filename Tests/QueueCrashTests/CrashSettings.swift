import CrashModel

#if canImport(Glibc)
    import Glibc
#endif

/// How much is explored, and from which seed.
///
/// `POSTERN_CRASH_SEED=n` replays a run, `POSTERN_CRASH_FULL=1` explores every point (minutes instead of seconds).
enum CrashSettings {
    static let isFull = variable("POSTERN_CRASH_FULL") == "1"

    /// Printed once, and part of every failure.
    static let seed: UInt64 = {
        let seed = variable("POSTERN_CRASH_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 1...999_999)
        print("POSTERN_CRASH_SEED=\(seed) replays this run of the crash tests")
        return seed
    }()

    /// - Parameters:
    ///   - points: how many points are tried where not all are.
    ///   - seeded: how many seeded policies, beside the fixed ones.
    static func explorer(points: Int, seeded: Int = 2, salt: UInt64) -> CrashExplorer {
        CrashExplorer(
            points: isFull ? .all : .sample(points, seed: seed &+ salt),
            policies: CrashPolicy.standard(seeded: isFull ? 6 : seeded, seed: seed &* 31 &+ salt), maximumFailures: 5)
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
