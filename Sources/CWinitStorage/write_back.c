// How a registry reaches the disk. SQLite hands the pages of a transaction to the system one after another, and then
// waits until all of them are on the disk. Here the system is asked to begin with each MiB as soon as it has it, so that
// the disk works while the next pages are copied. This is a hint: what must be on the disk, and when, SQLite alone
// decides.

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

/// Returns a descriptor of a file that this process has open, or -1. SQLite does not tell its own, and none is opened,
/// because closing one would release the locks of this process.
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
  struct stat status;
  if (stat(guarded(file)->path, &status) != 0) return SQLITE_OK;
  // Another connection may have closed the descriptor, and its number may be that of another file now.
  if (w->descriptor == 0 || !is_of(w->descriptor, &status)) w->descriptor = find_descriptor(&status);
  if (w->descriptor > 0) (void)sync_file_range(w->descriptor, w->start, w->end - w->start, SYNC_FILE_RANGE_WRITE);
  w->start = w->end;
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
