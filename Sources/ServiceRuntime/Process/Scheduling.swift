import Glibc

/// How the kernel's scheduler treats this process beside the other daemons.
enum Scheduling {
    /// What wakes a daemon goes on until it has to wait itself; the daemon runs then, or on another processor (`SCHED_BATCH`, sched(7)).
    ///
    /// A message goes through three daemons, and each frame wakes the next. With a session each (`postern up`) or a unit each, the scheduler
    /// shares the processors between daemons first, and would let whoever is woken interrupt whoever is at work: three changes of task for
    /// each message where one does, and a tenth of the processor time. How large a share of the processor a daemon has stays the same.
    ///
    /// For the threads that are started from now on, and for the calling one: to be called first. Does nothing where an administrator has
    /// chosen another policy, or where the system refuses it: nothing depends on it but speed.
    static func doNotInterruptOthers() {
        guard sched_getscheduler(0) == SCHED_OTHER else { return }
        var parameters = sched_param()
        _ = sched_setscheduler(0, batch, &parameters)
    }

    /// `SCHED_BATCH`, which the headers give only to GNU sources.
    private static let batch: Int32 = 3
}
