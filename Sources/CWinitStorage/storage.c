// Calls of SQLite that GRDB does not offer, and system calls that Swift cannot make.

#ifdef __linux__
#define _GNU_SOURCE
#endif

#include "CWinitStorage.h"
#include "descriptors.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/vfs.h>
#endif

int winit_sqlite_harden(void *connection, int maximum_length) {
  static const struct {
    int option, value;
  } settings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},    {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_DQS_DDL, 0},        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      {SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0},
  };
  for (unsigned i = 0; i < sizeof settings / sizeof settings[0]; i++) {
    int code = sqlite3_db_config(connection, settings[i].option, settings[i].value, (int *)0);
    if (code != SQLITE_OK) return code;
  }
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, maximum_length);
  return SQLITE_OK;
}

void winit_sqlite_watch(void *connection, int (*should_stop)(void *), int (*begins)(unsigned, void *, void *, void *),
                        void *context) {
  sqlite3_progress_handler(connection, 500, should_stop, context);
  sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, begins, context);
}

int winit_sqlite_holds_lock(void *connection) { return sqlite3_txn_state(connection, (const char *)0) != SQLITE_TXN_NONE; }

int winit_sqlite_has_moved(void *connection) {
  int moved = 0;
  return sqlite3_file_control(connection, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

int winit_sqlite_page_reads(void *connection) {
  int reads = 0, unused = 0;
  return sqlite3_db_status(connection, SQLITE_DBSTATUS_CACHE_MISS, &reads, &unused, 0) == SQLITE_OK ? reads : 0;
}

int winit_lock_holder(const char *path) {
  // The bytes that SQLite locks: pending, reserved, and the 510 bytes of readers (os.h of SQLite, PENDING_BYTE).
  static const struct {
    short type;
    off_t start, length;
  } locks[] = {
      {F_WRLCK, 0x40000001, 1}, {F_WRLCK, 0x40000000, 1}, {F_RDLCK, 0x40000002, 510}, {F_WRLCK, 0x40000002, 510}};
  struct stat file;
  if (stat(path, &file) != 0) return 0;
  const int descriptor = descriptor_of(&file, 0);
  if (descriptor < 0) return 0;
  for (unsigned i = 0; i < sizeof locks / sizeof locks[0]; i++) {
    struct flock lock = {.l_type = locks[i].type, .l_start = locks[i].start, .l_len = locks[i].length};
    if (fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) return lock.l_pid > 0 ? lock.l_pid : -1;
  }
  return 0;
}

unsigned winit_file_system_type(const char *path) {
#ifdef __linux__
  struct statfs status;
  return statfs(path, &status) == 0 ? (unsigned)status.f_type : 0;
#else
  (void)path;
  return 0;
#endif
}

int winit_rename_if_absent(const char *from, const char *to) {
#ifdef __linux__
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
#else
  return renamex_np(from, to, RENAME_EXCL);
#endif
}

struct winit_raw_file {
  sqlite3 *connection;
  sqlite3_file *file;
};

int winit_raw_open(const char *path, winit_raw_file **file) {
  *file = 0;
  winit_raw_file *opened = calloc(1, sizeof *opened);
  if (!opened) return SQLITE_NOMEM;
  // The flags lack SQLITE_OPEN_CREATE and SQLITE_OPEN_URI. A file that cannot be written is opened for reading.
  int code = sqlite3_open_v2(path, &opened->connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, 0);
  if (code == SQLITE_OK) {
    code = sqlite3_file_control(opened->connection, "main", SQLITE_FCNTL_FILE_POINTER, &opened->file);
  }
  if (code == SQLITE_OK && (!opened->file || !opened->file->pMethods)) code = SQLITE_CANTOPEN;
  if (code != SQLITE_OK) {
    sqlite3_close(opened->connection);
    free(opened);
    return code;
  }
  *file = opened;
  return SQLITE_OK;
}

void winit_raw_close(winit_raw_file *file) {
  winit_raw_unlock(file);
  sqlite3_close(file->connection);
  free(file);
}

int winit_raw_lock(winit_raw_file *file, int exclusive) {
  int code = file->file->pMethods->xLock(file->file, SQLITE_LOCK_SHARED);
  if (code == SQLITE_OK && exclusive) code = file->file->pMethods->xLock(file->file, SQLITE_LOCK_EXCLUSIVE);
  return code;
}

void winit_raw_unlock(winit_raw_file *file) { file->file->pMethods->xUnlock(file->file, SQLITE_LOCK_NONE); }

int winit_raw_size(winit_raw_file *file, int64_t *size) {
  sqlite3_int64 found = 0;
  int code = file->file->pMethods->xFileSize(file->file, &found);
  *size = found;
  return code;
}

int winit_raw_read(winit_raw_file *file, void *bytes, int count, int64_t offset) {
  int code = file->file->pMethods->xRead(file->file, bytes, count, offset);
  return code == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : code;  // SQLite has filled the rest with zeros
}

int winit_raw_has_moved(winit_raw_file *file) { return winit_sqlite_has_moved(file->connection); }
