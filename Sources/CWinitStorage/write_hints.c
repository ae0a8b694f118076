// Hints to Linux about the writes of a registry: the space that a transaction needs, and the bytes to begin to write to
// the disk. SQLite alone decides what must be on the disk, and when.

#ifdef __linux__
#define _GNU_SOURCE
#endif

#include "descriptors.h"
#include "guarded.h"

#ifdef __linux__

#include <fcntl.h>

/// The number of bytes that the system is asked to write back at once, and the smallest number that is reserved.
#define HINT_SIZE (1 << 20)

/// Returns a descriptor for writing to the file that the path of a registry names, or -1.
static int writable_descriptor(sqlite3_file *file, const struct stat *status) {
  struct write_hints *w = &guarded(file)->write_hints;
  if (w->descriptor < 0) return -1;
  // Another connection may have closed the descriptor, and its number may be that of another file now.
  if (w->descriptor == 0 || !is_descriptor_of(w->descriptor, status)) w->descriptor = descriptor_of(status, 1);
  return w->descriptor;
}

void winit_hint_written(sqlite3_file *file, sqlite3_int64 offset, int count) {
  struct write_hints *w = &guarded(file)->write_hints;
  if (offset != w->end) w->start = offset;
  w->end = offset + count;
  if (w->end - w->start < HINT_SIZE) return;
  const sqlite3_int64 start = w->start;
  w->start = w->end;
  struct stat status;
  if (stat(guarded(file)->path, &status) != 0) return;
  const int descriptor = writable_descriptor(file, &status);
  if (descriptor > 0) (void)sync_file_range(descriptor, start, w->end - start, SYNC_FILE_RANGE_WRITE);
}

void winit_hint_size(sqlite3_file *file, sqlite3_int64 size) {
  struct stat status;
  if (stat(guarded(file)->path, &status) != 0 || size - status.st_size < HINT_SIZE) return;
  const int descriptor = writable_descriptor(file, &status);
  // The size of the file stays as it is until SQLite writes.
  if (descriptor > 0 && fallocate(descriptor, FALLOC_FL_KEEP_SIZE, status.st_size, size - status.st_size) == 0)
    guarded(file)->write_hints.reserved = size;
}

void winit_hint_done(sqlite3_file *file) {
  struct write_hints *w = &guarded(file)->write_hints;
  const sqlite3_int64 reserved = w->reserved;
  if (!reserved) return;
  w->reserved = 0;
  struct stat status;
  if (stat(guarded(file)->path, &status) != 0 || status.st_size >= reserved) return;
  const int descriptor = writable_descriptor(file, &status);
  // The same size again frees what lies behind it.
  if (descriptor > 0 && ftruncate(descriptor, status.st_size) != 0) return;
}

#else

// Other systems get no hint: nothing was measured there.

void winit_hint_written(sqlite3_file *file, sqlite3_int64 offset, int count) { (void)file, (void)offset, (void)count; }
void winit_hint_size(sqlite3_file *file, sqlite3_int64 size) { (void)file, (void)size; }
void winit_hint_done(sqlite3_file *file) { (void)file; }

#endif
