// The virtual file system through which SQLite opens registries: the system's own, with the limits of CWinitStorage.h.
// Writes to a registry are joined (joined_writes.c).

#include "CWinitStorage.h"
#include "guarded.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// What this thread opens.
static _Thread_local struct {
  int is_active, has_default, access;
} request;

static sqlite3_vfs guard, *base, *default_before;
size_t winit_offset_of_guarded;
static _Atomic(winit_companion_check) check_companion;
/// Held while `guard` is the default, so that one thread at a time changes the default.
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
/// The number of databases that other code opened through `guard`, because it was the default at that moment.
static atomic_int foreign_databases;

/// The databases that this process opened, whose journals SQLite may delete. Entries are never removed.
static struct known {
  struct known *next;
  char path[];
} *known_databases;
static pthread_mutex_t known_lock = PTHREAD_MUTEX_INITIALIZER;

static int refuse(int problem) { return SQLITE_CANTOPEN | problem << 8; }

/// Makes the former default the default again.
static void restore_default(void) {
  if (!request.has_default) return;
  if (sqlite3_vfs_find(NULL) == &guard) sqlite3_vfs_register(default_before, 1);
  request.has_default = 0;
  pthread_mutex_unlock(&opening);
}

static int remember(const char *path) {
  int code = SQLITE_OK;
  pthread_mutex_lock(&known_lock);
  struct known *known = known_databases;
  while (known && strcmp(known->path, path)) known = known->next;
  if (!known) {
    size_t size = strlen(path) + 1;
    known = malloc(sizeof *known + size);
    if (known) {
      memcpy(known->path, path, size);
      known->next = known_databases;
      known_databases = known;
    } else {
      code = SQLITE_NOMEM;
    }
  }
  pthread_mutex_unlock(&known_lock);
  return code;
}

/// Returns whether a path is the journal or the log of a database that this process opened.
static int is_known_companion(const char *path) {
  int found = 0;
  pthread_mutex_lock(&known_lock);
  for (struct known *known = known_databases; known && !found; known = known->next) {
    size_t size = strlen(known->path);
    found = !strncmp(path, known->path, size) && (!strcmp(path + size, "-journal") || !strcmp(path + size, "-wal"));
  }
  pthread_mutex_unlock(&known_lock);
  return found;
}

/// Returns why a file beside a database is not opened at all: its kind, its other names or its owner. 0 if it may be.
static int problem_of_place(const char *path, const char *database) {
  struct stat status, owner;
  if (lstat(path, &status)) return 0;
  if (!S_ISREG(status.st_mode)) return WINIT_NOT_REGULAR;
  if (status.st_nlink > 1) return WINIT_SEVERAL_NAMES;
  if (stat(database, &owner)) return 0;
  int may_write = status.st_uid == owner.st_uid || status.st_uid == 0 || status.st_uid == geteuid() ||
    owner.st_mode & (S_IWGRP | S_IWOTH);
  return may_write ? 0 : WINIT_OTHER_OWNER;
}

static int open_database(const char *path, sqlite3_file *file, int flags, int *out) {
  if (!request.is_active) {
    // Another thread opens a registry, and this thread a database of its own.
    atomic_fetch_add(&foreign_databases, 1);
    return base->xOpen(base, path, file, flags, out);
  }
  restore_default();
  struct stat status;
  if (path && !stat(path, &status) && !S_ISREG(status.st_mode)) return refuse(WINIT_NOT_REGULAR);
  int code = path ? remember(path) : SQLITE_OK;
  if (code) return code;
  if (request.access == WINIT_READING) {
    flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
  } else if (request.access != WINIT_CREATING) {
    flags &= ~SQLITE_OPEN_CREATE;
  }
  *guarded(file) = (struct guarded){.is_guarded = 1, .access = request.access, .path = path};
  code = base->xOpen(base, path, file, flags, out);
  // Another program's file system may keep its files in another way than SQLite's own.
  const int is_own = !strncmp(base->zName, "unix", 4);
  if (code == SQLITE_OK && is_own && path && request.access != WINIT_READING) winit_join_writes(file);
  return code;
}

static int open_journal(const char *path, sqlite3_file *database, sqlite3_file *file, int flags, int *out) {
  int problem = problem_of_place(path, sqlite3_filename_database(path));
  if (problem) return refuse(problem);
  int code = base->xOpen(base, path, file, flags, out);
  // SQLite opens a journal for writing, and does not create it, only to roll back what is in it. It holds the exclusive
  // lock then, so no other process writes to the journal.
  int is_hot = (flags & (SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) == SQLITE_OPEN_READWRITE;
  if (code != SQLITE_OK || !is_hot) return code;
  problem = atomic_load(&check_companion)(file, database);
  if (!problem) return SQLITE_OK;
  if (file->pMethods) file->pMethods->xClose(file);
  file->pMethods = NULL;
  return problem < 0 ? SQLITE_IOERR_READ : refuse(problem);
}

static int open_log(const char *path, sqlite3_file *database, sqlite3_file *file, int flags, int *out) {
  unsigned char header[100] = {0};
  int code = database->pMethods->xRead(database, header, sizeof header, 0);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
  // The application_id of a registry.
  if (memcmp(header + 68, "WNIT", 4)) return refuse(WINIT_NOT_A_REGISTRY);
  // The version of the format is 2 if the database has a log.
  if (header[19] != 2) return refuse(WINIT_STRAY_LOG);
  if (guarded(database)->access != WINIT_FOLDING_LOG) return refuse(WINIT_LOG);
  const char *name = sqlite3_filename_database(path);
  int problem = problem_of_place(path, name);
  if (problem) return refuse(problem);
  char *index = sqlite3_mprintf("%s-shm", name);
  if (!index) return SQLITE_NOMEM;
  problem = problem_of_place(index, name);
  sqlite3_free(index);
  return problem ? refuse(problem) : base->xOpen(base, path, file, flags, out);
}

static int guard_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
  (void)vfs;
  file->pMethods = NULL;
  *guarded(file) = (struct guarded){0};
  if (flags & SQLITE_OPEN_MAIN_DB) return open_database(path, file, flags, out);
  if (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) {
    sqlite3_file *database = sqlite3_database_file_object(path);
    if (!guarded(database)->is_guarded) return base->xOpen(base, path, file, flags, out);
    return flags & SQLITE_OPEN_WAL ? open_log(path, database, file, flags, out)
                                   : open_journal(path, database, file, flags, out);
  }
  if (flags & SQLITE_OPEN_SUPER_JOURNAL && !atomic_load(&foreign_databases)) return refuse(WINIT_SUPER_JOURNAL);
  return base->xOpen(base, path, file, flags, out);
}

static int guard_delete(sqlite3_vfs *vfs, const char *path, int flush) {
  (void)vfs;
  if (!is_known_companion(path) && !atomic_load(&foreign_databases)) return SQLITE_IOERR_DELETE;
  return base->xDelete(base, path, flush);
}

// The rest is the system's own.

static int guard_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
  (void)vfs;
  return base->xAccess(base, path, flags, out);
}
static int guard_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
  (void)vfs;
  return base->xFullPathname(base, path, size, out);
}
static void *guard_dl_open(sqlite3_vfs *vfs, const char *path) { (void)vfs; return base->xDlOpen(base, path); }
static void guard_dl_error(sqlite3_vfs *vfs, int size, char *out) { (void)vfs; base->xDlError(base, size, out); }
static void (*guard_dl_sym(sqlite3_vfs *vfs, void *library, const char *name))(void) {
  (void)vfs;
  return base->xDlSym(base, library, name);
}
static void guard_dl_close(sqlite3_vfs *vfs, void *library) { (void)vfs; base->xDlClose(base, library); }
static int guard_randomness(sqlite3_vfs *vfs, int size, char *out) { (void)vfs; return base->xRandomness(base, size, out); }
static int guard_sleep(sqlite3_vfs *vfs, int microseconds) { (void)vfs; return base->xSleep(base, microseconds); }
static int guard_time(sqlite3_vfs *vfs, double *out) { (void)vfs; return base->xCurrentTime(base, out); }
static int guard_time64(sqlite3_vfs *vfs, sqlite3_int64 *out) { (void)vfs; return base->xCurrentTimeInt64(base, out); }
static int guard_last_error(sqlite3_vfs *vfs, int size, char *out) { (void)vfs; return base->xGetLastError(base, size, out); }

static int code_of_registration = SQLITE_ERROR;

static void register_guard(void) {
  base = sqlite3_vfs_find(NULL);
  if (!base) return;
  winit_offset_of_guarded = ((size_t)base->szOsFile + 7) & ~(size_t)7;
  guard = (sqlite3_vfs){
    .iVersion = base->iVersion >= 2 ? 2 : 1,
    .szOsFile = (int)(winit_offset_of_guarded + sizeof(struct guarded)),
    .mxPathname = base->mxPathname,
    .zName = "winit-registry",
    .xOpen = guard_open,
    .xDelete = guard_delete,
    .xAccess = guard_access,
    .xFullPathname = guard_full_path,
    .xDlOpen = guard_dl_open,
    .xDlError = guard_dl_error,
    .xDlSym = guard_dl_sym,
    .xDlClose = guard_dl_close,
    .xRandomness = guard_randomness,
    .xSleep = guard_sleep,
    .xCurrentTime = guard_time,
    .xGetLastError = guard_last_error,
    .xCurrentTimeInt64 = guard_time64,
  };
  code_of_registration = sqlite3_vfs_register(&guard, 0);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

int winit_guard_begin(int access, int attaches, winit_companion_check check) {
  pthread_once(&once, register_guard);
  if (code_of_registration != SQLITE_OK) return code_of_registration;
  if (!attaches) {
    pthread_mutex_lock(&opening);
    default_before = sqlite3_vfs_find(NULL);
    request.has_default = 1;
    sqlite3_vfs_register(&guard, 1);
  }
  atomic_store(&check_companion, check);
  request.access = access;
  request.is_active = 1;
  return SQLITE_OK;
}

void winit_guard_end(void) {
  restore_default();
  request.is_active = 0;
}

int winit_guard_holds(void *connection) {
  sqlite3_vfs *vfs = NULL;
  sqlite3_file *file = NULL;
  return sqlite3_file_control(connection, "main", SQLITE_FCNTL_VFS_POINTER, &vfs) == SQLITE_OK && vfs == &guard &&
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file &&
    guarded(file)->is_guarded;
}

long long winit_file_size(void *file) {
  sqlite3_int64 size = 0;
  return ((sqlite3_file *)file)->pMethods->xFileSize(file, &size) == SQLITE_OK ? size : -1;
}

int winit_file_read(void *file, void *bytes, int count, long long offset) {
  return ((sqlite3_file *)file)->pMethods->xRead(file, bytes, count, offset) == SQLITE_OK;
}
