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
        // Its arguments lie in memory, where a filter does not see them; glibc takes clone(2) where this is not there.
        let clone3 = cseccomp_call("clone3")
        if clone3 != unknownCall {
            try check("seccomp_rule_add clone3", seccomp_rule_add_array(filter, cseccomp_refuse(UInt16(ENOSYS)), clone3, 0, nil))
        }
        for flag in namespaceFlags { try check("seccomp_rule_add clone", cseccomp_refuse_clone_flag(filter, flag)) }
        for request in refusedTerminalRequests { try check("seccomp_rule_add ioctl", cseccomp_refuse_ioctl(filter, request)) }
        if bounds.hasNetwork {
            let highest = allowedFamilies.max() ?? 0
            for family in 0..<highest where !allowedFamilies.contains(family) {
                try check("seccomp_rule_add socket", cseccomp_refuse_family(filter, family))
            }
            try check("seccomp_rule_add socket", cseccomp_refuse_families_above(filter, highest))
        } else {
            try check("seccomp_rule_add socket", cseccomp_refuse_other_families(filter, AF_UNIX))
        }
        try check("seccomp_load", seccomp_load(filter))
    }

    /// What a daemon with a network may open: ours, the Internet, and what tells the machine's own addresses (getifaddrs(3)).
    private static let allowedFamilies: Set<Int32> = [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK]

    /// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET (clone(2)).
    private static let namespaceFlags: [UInt64] = [
        0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
    ]

    /// TIOCSTI types into a terminal; TIOCLINUX pastes into a console (ioctl_tty(2), ioctl_console(2)).
    private static let refusedTerminalRequests: [UInt32] = [0x5412, 0x541C]

    private static let allow: UInt32 = 0x7FFF_0000
    private static let unknownCall: Int32 = -1

    private static func check(_ call: String, _ result: Int32) throws(ConfinementError) {
        guard result == 0 else { throw ConfinementError(call: call, errno: -result) }
    }
}
