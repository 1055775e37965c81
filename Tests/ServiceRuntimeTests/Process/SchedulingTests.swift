import Glibc
import Testing

@testable import ServiceRuntime

@Suite("How daemons are scheduled", .timeLimit(.minutes(1)))
struct SchedulingTests {
    /// The policy before and after, of a thread that began with the given one and then asked.
    private func policies(beginningWith policy: Int32) async -> (Int32, Int32) {
        await withCheckedContinuation { continuation in
            DetachedThread.start {
                var parameters = sched_param()
                sched_setscheduler(0, policy, &parameters)
                let before = sched_getscheduler(0)
                Scheduling.doNotInterruptOthers()
                continuation.resume(returning: (before, sched_getscheduler(0)))
            }
        }
    }

    @Test("a daemon does not interrupt whoever woke it")
    func batch() async {
        let (before, after) = await policies(beginningWith: SCHED_OTHER)
        #expect(before == SCHED_OTHER && after == 3)
    }

    @Test("another policy that an administrator has chosen stays")
    func chosen() async {
        // SCHED_IDLE, which everybody may take.
        let (before, after) = await policies(beginningWith: 5)
        #expect(before == 5 && after == 5)
    }
}
