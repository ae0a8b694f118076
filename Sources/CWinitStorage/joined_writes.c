// How a registry is written. SQLite hands the changed pages of a transaction to the file system one after another, in
// ascending order. This file joins adjacent pages, so that the system gets writes of 64 KiB and begins early to write
// them to the disk (write_hints.c).
//
// Pages wait here only between two writes of one transaction: each other operation on the content of the file writes
// them first. If that fails, the operation returns the error of the write, and SQLite rolls the transaction back,
// because it flushes the file (xSync) before it truncates the journal (docs/store.md).

#include "guarded.h"

#include <stdlib.h>
#include <string.h>

/// The number of bytes that are written at once, from a multiple of it in the file. SQLite's own file system writes
/// less than 128 KiB at once, and the page cache of a system takes a power of two with less work.
#define JOINED (64 << 10)

/// Writes the pages that wait. An error is returned once: the pages are dropped, because SQLite rolls back.
static int write_waiting(sqlite3_file *file) {
  struct joined_writes *j = &guarded(file)->joined_writes;
  if (!j->count) return SQLITE_OK;
  const int count = j->count;
  j->count = 0;
  const int code = j->system->xWrite(file, j->bytes, count, j->start);
  if (code == SQLITE_OK) winit_hint_written(file, j->start, count);
  return code;
}

static int joined_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  struct joined_writes *j = &guarded(file)->joined_writes;
  if (!j->bytes) j->bytes = malloc(JOINED);
  if (!j->bytes || offset != j->start + j->count || count > JOINED - j->count) {
    const int code = write_waiting(file);
    if (code != SQLITE_OK) return code;
    j->start = offset;
  }
  if (!j->bytes || count > JOINED) {
    const int code = j->system->xWrite(file, bytes, count, offset);
    if (code == SQLITE_OK) winit_hint_written(file, offset, count);
    return code;
  }
  memcpy(j->bytes + j->count, bytes, (size_t)count);
  j->count += count;
  return (offset + count) % JOINED == 0 ? write_waiting(file) : SQLITE_OK;
}

static int joined_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
  const struct joined_writes *j = &guarded(file)->joined_writes;
  const int is_waiting = offset < j->start + j->count && j->start < offset + count;
  const int code = is_waiting ? write_waiting(file) : SQLITE_OK;
  return code == SQLITE_OK ? j->system->xRead(file, bytes, count, offset) : code;
}

static int joined_truncate(sqlite3_file *file, sqlite3_int64 size) {
  const int code = write_waiting(file);
  return code == SQLITE_OK ? guarded(file)->joined_writes.system->xTruncate(file, size) : code;
}

static int joined_sync(sqlite3_file *file, int flags) {
  const int code = write_waiting(file);
  return code == SQLITE_OK ? guarded(file)->joined_writes.system->xSync(file, flags) : code;
}

static int joined_file_size(sqlite3_file *file, sqlite3_int64 *size) {
  const int code = write_waiting(file);
  return code == SQLITE_OK ? guarded(file)->joined_writes.system->xFileSize(file, size) : code;
}

static int joined_fetch(sqlite3_file *file, sqlite3_int64 offset, int count, void **bytes) {
  const int code = write_waiting(file);
  return code == SQLITE_OK ? guarded(file)->joined_writes.system->xFetch(file, offset, count, bytes) : code;
}

// SQLite flushes a file before it unlocks or closes it, so pages wait here only with synchronous=OFF. The file is
// unlocked or closed even if the write fails.

static int joined_unlock(sqlite3_file *file, int lock) {
  const int code = write_waiting(file);
  winit_hint_done(file);
  const int unlocked = guarded(file)->joined_writes.system->xUnlock(file, lock);
  return code == SQLITE_OK ? unlocked : code;
}

static int joined_close(sqlite3_file *file) {
  struct joined_writes *j = &guarded(file)->joined_writes;
  const int code = write_waiting(file);
  const int closed = j->system->xClose(file);
  free(j->bytes);
  j->bytes = NULL;
  return code == SQLITE_OK ? closed : code;
}

// Does not write the waiting pages: no request needs them, and SQLite ignores the errors of most requests.
static int joined_file_control(sqlite3_file *file, int request, void *value) {
  if (request == SQLITE_FCNTL_SIZE_HINT) winit_hint_size(file, *(sqlite3_int64 *)value);
  return guarded(file)->joined_writes.system->xFileControl(file, request, value);
}

void winit_join_writes(sqlite3_file *file) {
  const sqlite3_io_methods *system = file->pMethods;
  // Where the file system has atomic transactions of its own (F2FS), SQLite commits them with a request.
  if (system->xDeviceCharacteristics(file) & SQLITE_IOCAP_BATCH_ATOMIC) return;
  struct joined_writes *j = &guarded(file)->joined_writes;
  j->system = system;
  j->methods = *system;
  j->methods.xClose = joined_close;
  j->methods.xRead = joined_read;
  j->methods.xWrite = joined_write;
  j->methods.xTruncate = joined_truncate;
  j->methods.xSync = joined_sync;
  j->methods.xFileSize = joined_file_size;
  j->methods.xUnlock = joined_unlock;
  j->methods.xFileControl = joined_file_control;
  if (system->iVersion >= 3) j->methods.xFetch = joined_fetch;
  file->pMethods = &j->methods;
}
