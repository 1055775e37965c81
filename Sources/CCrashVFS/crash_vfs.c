#include "crash_vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct crash_vfs {
    sqlite3_vfs base;
    sqlite3_vfs *system;
    crash_hooks hooks;
    _Atomic int64_t open_files;
    char *name;
};

typedef struct crash_file {
    sqlite3_file base;
    crash_vfs *vfs;
    /// 0 for a file that is not reported.
    uint64_t number;
    const char *path;
    /// The next sync also syncs the folder: what os_unix.c does for a journal or log that it may have created (UNIXFILE_DIRSYNC).
    int syncs_folder;
} crash_file;

static crash_vfs *vfs_of(sqlite3_vfs *base) { return (crash_vfs *)base; }
static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((char *)file + sizeof(crash_file)); }

static int before(crash_vfs *vfs, const crash_step *step, uint64_t *ticket) {
    return vfs->hooks.before(vfs->hooks.context, step, ticket);
}

static uint64_t after(crash_vfs *vfs, const crash_step *step, uint64_t ticket, int failed) {
    return vfs->hooks.after(vfs->hooks.context, step, ticket, failed);
}

// MARK: Files

static int file_close(sqlite3_file *base) {
    crash_file *file = (crash_file *)base;
    int result = real(base)->pMethods ? real(base)->pMethods->xClose(real(base)) : SQLITE_OK;
    atomic_fetch_sub(&file->vfs->open_files, 1);
    return result;
}

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int file_write(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset) {
    crash_file *file = (crash_file *)base;
    if (file->number == 0) return real(base)->pMethods->xWrite(real(base), bytes, count, offset);
    crash_step step = {CRASH_WRITE, file->path, file->number, offset, bytes, count};
    uint64_t ticket = 0;
    int fault = before(file->vfs, &step, &ticket);
    // A write that fails may have come half-way.
    if (fault) step.count = count / 2;
    int result = real(base)->pMethods->xWrite(real(base), bytes, (int)step.count, offset);
    after(file->vfs, &step, ticket, result != SQLITE_OK);
    if (fault == 0) return result;
    return fault == ENOSPC || fault == EDQUOT ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    crash_file *file = (crash_file *)base;
    if (file->number == 0) return real(base)->pMethods->xTruncate(real(base), size);
    crash_step step = {CRASH_TRUNCATE, file->path, file->number, size, NULL, 0};
    uint64_t ticket = 0;
    if (before(file->vfs, &step, &ticket)) return SQLITE_IOERR_TRUNCATE;
    int result = real(base)->pMethods->xTruncate(real(base), size);
    after(file->vfs, &step, ticket, result != SQLITE_OK);
    return result;
}

static int file_sync(sqlite3_file *base, int flags) {
    crash_file *file = (crash_file *)base;
    if (file->number == 0) return real(base)->pMethods->xSync(real(base), flags);
    crash_step step = {CRASH_SYNC, file->path, file->number, 0, NULL, 0};
    uint64_t ticket = 0;
    if (before(file->vfs, &step, &ticket)) {
        after(file->vfs, &step, ticket, 1);
        return SQLITE_IOERR_FSYNC;
    }
    int result = real(base)->pMethods->xSync(real(base), flags);
    after(file->vfs, &step, ticket, result != SQLITE_OK);
    if (result == SQLITE_OK && file->syncs_folder) {
        // os_unix.c ignores an error here, so there is none to inject.
        crash_step folder = {CRASH_SYNC_FOLDER, file->path, 0, 0, NULL, 0};
        after(file->vfs, &folder, ticket, 0);
        file->syncs_folder = 0;
    }
    return result;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) { return real(file)->pMethods->xFileSize(real(file), size); }
static int file_lock(sqlite3_file *file, int level) { return real(file)->pMethods->xLock(real(file), level); }
static int file_unlock(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
static int file_check_lock(sqlite3_file *file, int *locked) {
    return real(file)->pMethods->xCheckReservedLock(real(file), locked);
}
static int file_control(sqlite3_file *file, int operation, void *argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
static int file_sector_size(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int file_characteristics(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, memory);
}
static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void file_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int file_shm_unmap(sqlite3_file *file, int delete_flag) {
    return real(file)->pMethods->xShmUnmap(real(file), delete_flag);
}

/// Version 2: without xFetch, so that SQLite writes through xWrite and never through a memory map.
static const sqlite3_io_methods file_methods = {
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock, file_check_lock, file_control,
    file_sector_size, file_characteristics, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, NULL, NULL,
};

// MARK: The VFS

static int vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *opened, int flags, int *out_flags) {
    crash_vfs *vfs = vfs_of(base);
    crash_file *file = (crash_file *)opened;
    memset(file, 0, sizeof *file);
    int journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    int reported = path && (flags & (SQLITE_OPEN_MAIN_DB | journals)) && !(flags & SQLITE_OPEN_DELETEONCLOSE)
        && !(flags & SQLITE_OPEN_READONLY);
    crash_step step = {CRASH_OPEN, path, 0, 0, NULL, 0};
    uint64_t ticket = 0;
    if (reported) {
        int fault = before(vfs, &step, &ticket);
        if (fault) return fault == ENOSPC || fault == EDQUOT ? SQLITE_FULL : SQLITE_CANTOPEN;
    }
    int result = vfs->system->xOpen(vfs->system, path, real(opened), flags, out_flags);
    if (result != SQLITE_OK) {
        // Without methods SQLite does not call xClose.
        if (real(opened)->pMethods) real(opened)->pMethods->xClose(real(opened));
        return result;
    }
    file->vfs = vfs;
    file->path = path;
    if (reported) file->number = after(vfs, &step, ticket, 0);
    file->syncs_folder = (flags & SQLITE_OPEN_CREATE) && (flags & journals);
    atomic_fetch_add(&vfs->open_files, 1);
    file->base.pMethods = &file_methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int sync_folder) {
    crash_vfs *vfs = vfs_of(base);
    crash_step step = {CRASH_DELETE, path, 0, 0, NULL, 0};
    uint64_t ticket = 0;
    if (before(vfs, &step, &ticket)) return SQLITE_IOERR_DELETE;
    int result = vfs->system->xDelete(vfs->system, path, sync_folder);
    if (result != SQLITE_OK) return result;
    after(vfs, &step, ticket, 0);
    if (sync_folder & 1) {
        crash_step folder = {CRASH_SYNC_FOLDER, path, 0, 0, NULL, 0};
        // The ticket says what the sync covers: here also the deletion just reported.
        after(vfs, &folder, UINT64_MAX, 0);
    }
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *base, const char *path, int flags, int *result) {
    sqlite3_vfs *system = vfs_of(base)->system;
    return system->xAccess(system, path, flags, result);
}
static int vfs_full_path(sqlite3_vfs *base, const char *path, int size, char *result) {
    sqlite3_vfs *system = vfs_of(base)->system;
    return system->xFullPathname(system, path, size, result);
}
static int vfs_randomness(sqlite3_vfs *base, int count, char *result) {
    sqlite3_vfs *system = vfs_of(base)->system;
    return system->xRandomness(system, count, result);
}
static int vfs_sleep(sqlite3_vfs *base, int microseconds) {
    sqlite3_vfs *system = vfs_of(base)->system;
    return system->xSleep(system, microseconds);
}
static int vfs_time(sqlite3_vfs *base, double *julian_day) {
    sqlite3_vfs *system = vfs_of(base)->system;
    return system->xCurrentTime(system, julian_day);
}
static int vfs_last_error(sqlite3_vfs *base, int size, char *message) {
    sqlite3_vfs *system = vfs_of(base)->system;
    return system->xGetLastError ? system->xGetLastError(system, size, message) : 0;
}

crash_vfs *crash_vfs_register(const char *name, crash_hooks hooks) {
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    crash_vfs *vfs = system ? calloc(1, sizeof *vfs) : NULL;
    if (vfs == NULL) return NULL;
    vfs->name = strdup(name);
    vfs->system = system;
    vfs->hooks = hooks;
    vfs->base = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(crash_file) + system->szOsFile,
        .mxPathname = system->mxPathname,
        .zName = vfs->name,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    if (vfs->name == NULL || sqlite3_vfs_register(&vfs->base, 0) != SQLITE_OK) {
        free(vfs->name);
        free(vfs);
        return NULL;
    }
    return vfs;
}

int64_t crash_vfs_open_files(crash_vfs *vfs) { return atomic_load(&vfs->open_files); }

void crash_vfs_unregister(crash_vfs *vfs) {
    sqlite3_vfs_unregister(&vfs->base);
    free(vfs->name);
    free(vfs);
}
