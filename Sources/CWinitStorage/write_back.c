// When a registry is written to the disk. SQLite hands the pages of a transaction to the system one after another, and
// then waits until all of them are on the disk. This file asks the system to start writing each MiB to the disk while
// SQLite copies the next pages. It is only a hint: SQLite alone decides what must be on the disk, and when.

#ifdef __linux__
#define _GNU_SOURCE
#endif

#include "descriptors.h"
#include "guarded.h"

#ifdef __linux__

#include <fcntl.h>

/// The number of bytes that the system is asked to write back at once.
#define WRITTEN_BACK (1 << 20)

static int write_and_begin_write_back(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
  struct write_back *w = &guarded(file)->write_back;
  const int code = w->system->xWrite(file, bytes, count, offset);
  if (code != SQLITE_OK) return code;
  if (offset != w->end) w->start = offset;
  w->end = offset + count;
  if (w->end - w->start < WRITTEN_BACK || w->descriptor < 0) return SQLITE_OK;
  const sqlite3_int64 start = w->start;
  w->start = w->end;
  struct stat status;
  if (stat(guarded(file)->path, &status) != 0) return SQLITE_OK;
  // Another connection may have closed the descriptor, and its number may be that of another file now.
  if (w->descriptor == 0 || !is_descriptor_of(w->descriptor, &status)) w->descriptor = descriptor_of(&status);
  if (w->descriptor > 0) (void)sync_file_range(w->descriptor, start, w->end - start, SYNC_FILE_RANGE_WRITE);
  return SQLITE_OK;
}

void winit_write_back_early(sqlite3_file *file) {
  struct write_back *w = &guarded(file)->write_back;
  w->system = file->pMethods;
  w->methods = *w->system;
  w->methods.xWrite = write_and_begin_write_back;
  file->pMethods = &w->methods;
}

#else

void winit_write_back_early(sqlite3_file *file) { (void)file; }

#endif
