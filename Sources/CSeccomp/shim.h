#pragma once
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <seccomp.h>

// Whether the kernel has filters that refuse a call. libseccomp's own level says what its oldest kernel had.
static inline int cseccomp_is_available(void) {
    uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// Function-like macros, which Swift does not see.
static inline uint32_t cseccomp_refuse(uint16_t code) { return SCMP_ACT_ERRNO(code); }
static inline int cseccomp_call(const char *name) { return seccomp_syscall_resolve_name(name); }
static inline int cseccomp_refuse_other_families(scmp_filter_ctx context, int family) {
    return seccomp_rule_add(context, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, family));
}
// Of clone(2) the flags that make namespaces, as unshare(2) has them.
static inline int cseccomp_refuse_clone_flag(scmp_filter_ctx context, uint64_t flag) {
    return seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
}
// The kernel looks at 32 bits of the request; so does the filter.
static inline int cseccomp_refuse_ioctl(scmp_filter_ctx context, uint32_t request) {
    return seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xFFFFFFFFu, request));
}
static inline int cseccomp_refuse_families_above(scmp_filter_ctx context, int family) {
    return seccomp_rule_add(context, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_GT, family));
}
static inline int cseccomp_refuse_family(scmp_filter_ctx context, int family) {
    return seccomp_rule_add(context, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, family));
}
