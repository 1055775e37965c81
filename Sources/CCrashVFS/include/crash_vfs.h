#pragma once

#include <stdint.h>

/// An SQLite VFS that does everything through the system's VFS, and says what it does to the disk, in order, to two hooks.
///
/// Only what can matter after a power loss is reported: database, journals and write-ahead log; not temporary files, not the
/// shared memory beside a log.

typedef enum crash_operation {
    /// A file is opened with permission to create it; `after` returns the number it is known by until it is closed.
    CRASH_OPEN,
    CRASH_WRITE,
    CRASH_TRUNCATE,
    CRASH_SYNC,
    CRASH_DELETE,
    /// The folder of `path` is synced.
    CRASH_SYNC_FOLDER,
} crash_operation;

typedef struct crash_step {
    crash_operation operation;
    /// Absolute.
    const char *path;
    /// 0 for CRASH_OPEN, CRASH_DELETE and CRASH_SYNC_FOLDER.
    uint64_t file;
    /// Of a write, in octets; of a truncation the new size.
    int64_t offset;
    /// Of a write.
    const void *bytes;
    int64_t count;
} crash_step;

typedef struct crash_hooks {
    void *context;
    /// Called before a step. Returns 0, or the errno it is to fail with. What is put into `ticket` is handed to `after`.
    int (*before)(void *context, const crash_step *step, uint64_t *ticket);
    /// Called after a step; `failed` is not 0 where it did not happen.
    uint64_t (*after)(void *context, const crash_step *step, uint64_t ticket, int failed);
} crash_hooks;

typedef struct crash_vfs crash_vfs;

/// Registers a VFS under a name of its own. The hooks are called on the threads that use it.
///
/// Returns NULL where memory or SQLite refuse.
crash_vfs *crash_vfs_register(const char *name, crash_hooks hooks);

/// The files open through it.
int64_t crash_vfs_open_files(crash_vfs *vfs);

/// Takes the VFS away. No file may be open through it.
void crash_vfs_unregister(crash_vfs *vfs);
