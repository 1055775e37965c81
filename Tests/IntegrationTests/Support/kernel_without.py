"""kernel_without.py landlock|landlock,seccomp PROGRAM …: becomes a program for which the kernel has not got that: each call says ENOSYS."""
import ctypes
import errno
import os
import sys

library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
library.seccomp_init.restype = ctypes.c_void_p
library.seccomp_load.argtypes = [ctypes.c_void_p]
library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]


class Comparison(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


EQUAL, PR_SET_SECCOMP = 4, 22
context = library.seccomp_init(0x7FFF0000)


def refuse(name, code, *comparisons):
    number = library.seccomp_syscall_resolve_name(name.encode())
    table = (Comparison * len(comparisons))(*comparisons)
    result = library.seccomp_rule_add_array(context, 0x00050000 | code, number, len(comparisons), table if comparisons else None)
    if result:
        sys.exit(f"{name}: {os.strerror(-result)}")


missing = sys.argv[1].split(",")
if "landlock" in missing:
    for name in ("landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"):
        refuse(name, errno.ENOSYS)
if "seccomp" in missing:
    refuse("seccomp", errno.ENOSYS)
    refuse("prctl", errno.EINVAL, Comparison(0, EQUAL, PR_SET_SECCOMP, 0))
if library.seccomp_load(context):
    sys.exit("the filter cannot be loaded")
os.execv(sys.argv[2], sys.argv[2:])
