#define _GNU_SOURCE
#include "CLandlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// The attributes of the newest version that is used here: the build machine's header may be older.
struct attributes {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

int clandlock_version(void) { return (int)syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION); }

int clandlock_ruleset(uint64_t files, uint64_t network, uint64_t scopes) {
    struct attributes attributes = {files, network, scopes};
    // An older kernel takes a longer structure where the rest of it is zero.
    return (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
}

int clandlock_allow(int ruleset, const char *path, uint64_t rights) {
    int descriptor = open(path, O_PATH | O_CLOEXEC);
    if (descriptor < 0) return -1;
    // The kernel takes rights of folders for a file as an error.
    struct stat file;
    if (fstat(descriptor, &file) == 0 && !S_ISDIR(file.st_mode))
        rights &= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = descriptor};
    int result = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int code = errno;
    close(descriptor);
    errno = code;
    return result;
}

int clandlock_restrict(int ruleset) { return (int)syscall(SYS_landlock_restrict_self, ruleset, 0); }

int clandlock_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int clandlock_drop_capability(int capability) { return prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); }

int clandlock_own_network(void) { return unshare(CLONE_NEWNET); }

int clandlock_own_mounts(void) {
    if (unshare(CLONE_NEWNS) < 0) return -1;
    return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
}

int clandlock_hide(const char *folder) {
    return mount("postern", folder, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=4k,mode=000");
}
