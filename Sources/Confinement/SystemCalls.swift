import CSeccomp
import Glibc
import Topology

/// The system calls that no daemon needs, refused by the kernel (seccomp(2)).
enum SystemCalls {
    /// Looking into other processes, changing mounts, namespaces or the kernel; io_uring, because the filter does not see what it does.
    static let refused = [
        "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "mount", "umount2", "pivot_root",
        "chroot", "open_tree", "move_mount", "fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr", "unshare", "setns", "kexec_load",
        "kexec_file_load", "init_module", "finit_module", "delete_module", "bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key",
        "request_key", "io_uring_setup", "io_uring_enter", "io_uring_register", "reboot", "swapon", "swapoff", "acct", "settimeofday",
        "clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname", "iopl", "ioperm", "open_by_handle_at",
        "name_to_handle_at", "syslog", "quotactl", "personality", "mknod", "mknodat",
    ]

    /// Whether the kernel has filters (Linux 4.14 or later).
    static var isAvailable: Bool { cseccomp_is_available() != 0 }

    /// Refuses the calls to this thread and what it executes, for good. Sets no_new_privs.
    ///
    /// - Throws: ``ConfinementError``
    static func apply(_ bounds: Bounds) throws(ConfinementError) {
        guard let filter = seccomp_init(allow) else { throw ConfinementError(call: "seccomp_init", errno: ENOMEM) }
        defer { seccomp_release(filter) }
        for name in refused {
            let number = cseccomp_call(name)
            // A call that this processor or this library does not know: no rule can be made of it.
            if number == unknownCall { continue }
            try check("seccomp_rule_add \(name)", seccomp_rule_add_array(filter, cseccomp_refuse(UInt16(EPERM)), number, 0, nil))
        }
        if bounds.hasNetwork {
            for family in [AF_PACKET, AF_ALG, AF_VSOCK, AF_BLUETOOTH] {
                try check("seccomp_rule_add socket", cseccomp_refuse_family(filter, family))
            }
        } else {
            try check("seccomp_rule_add socket", cseccomp_refuse_other_families(filter, AF_UNIX))
        }
        try check("seccomp_load", seccomp_load(filter))
    }

    private static let allow: UInt32 = 0x7FFF_0000
    private static let unknownCall: Int32 = -1

    private static func check(_ call: String, _ result: Int32) throws(ConfinementError) {
        guard result == 0 else { throw ConfinementError(call: call, errno: -result) }
    }
}
