// When a registry is written to the disk. SQLite hands the pages of a transaction to the system one after another, and
// then waits until all of them are on the disk. This file asks the system to start writing each MiB to the disk while
// SQLite copies the next pages. It is only a hint: SQLite alone decides what must be on the disk, and when.

#ifdef __linux__
#define _GNU_SOURCE
#endif

#include "guarded.h"

#ifdef __linux__

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/// The number of bytes that the system is asked to write back at once.
#define WRITTEN_BACK (1 << 20)

static int is_of(int descriptor, const struct stat *file) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && status.st_dev == file->st_dev && status.st_ino == file->st_ino;
}

/// Returns a descriptor of a file that this process has open, or -1. SQLite does not expose its descriptor. This function
/// opens no other one, because closing it would release the locks of this process. It looks at 4,096 descriptors at most,
/// so that a process with a high limit does not search for long.
static int find_descriptor(const struct stat *file) {
  long limit = sysconf(_SC_OPEN_MAX);
  if (limit < 0 || limit > 4096) limit = 4096;
  for (int descriptor = 3; descriptor < limit; descriptor++)
    if (is_of(descriptor, file)) return descriptor;
  return -1;
}

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
  if (w->descriptor == 0 || !is_of(w->descriptor, &status)) w->descriptor = find_descriptor(&status);
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
