#pragma once
#include <stdint.h>

// Landlock's system calls (landlock(7)), for which glibc has no functions, and the calls of the kernel whose names Swift does not see.
// Each returns -1 and sets errno where the kernel refuses.

/// The version of the kernel's Landlock; -1 where it has none.
int clandlock_version(void);
/// A ruleset that handles these rights, closed at exec. `scopes` and `network` must be 0 where the version does not know them.
int clandlock_ruleset(uint64_t files, uint64_t network, uint64_t scopes);
/// Allows rights for a file, or for a folder and all beneath it.
int clandlock_allow(int ruleset, const char *path, uint64_t rights);
/// Holds the calling thread, and what it executes, to the ruleset.
int clandlock_restrict(int ruleset);

/// prctl(PR_SET_NO_NEW_PRIVS).
int clandlock_no_new_privileges(void);
/// Takes a capability out of the bounding set; -1 with EINVAL beyond the last one that the kernel knows.
int clandlock_drop_capability(int capability);
/// A network of its own for the calling thread.
int clandlock_own_network(void);
/// Mounts of its own for the calling thread, which still sees what is mounted later elsewhere.
int clandlock_own_mounts(void);
/// Lays an empty folder that nobody can write to over another one.
int clandlock_hide(const char *folder);
