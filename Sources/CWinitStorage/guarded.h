// What the guard keeps of an open file, behind the bytes that the system's own file system keeps.

#ifndef WINIT_GUARDED_H
#define WINIT_GUARDED_H

#include <sqlite3.h>
#include <stddef.h>

/// The state of joined_writes.c for a registry that is opened for writing.
struct joined_writes {
  /// The methods of the system's own file system.
  const sqlite3_io_methods *system;
  /// The methods that SQLite calls instead.
  sqlite3_io_methods methods;
  /// The bytes of adjacent pages that wait, for `start` ..< `start + count` of the file. Null until the first write.
  char *bytes;
  sqlite3_int64 start;
  int count;
};

/// The state of write_hints.c for a registry that is opened for writing.
struct write_hints {
  /// The bytes of adjacent writes that the system was not asked to write back yet: `start` ..< `end`.
  sqlite3_int64 start, end;
  /// The end of the space that was reserved in this transaction; 0 if there is none.
  sqlite3_int64 reserved;
  /// A descriptor of the file; 0 if none was looked for, -1 if there is none.
  int descriptor;
};

struct guarded {
  int is_guarded;
  int access;
  /// The path of a registry, which SQLite keeps while the file is open.
  const char *path;
  struct joined_writes joined_writes;
  struct write_hints write_hints;
};

extern size_t winit_offset_of_guarded;

static inline struct guarded *guarded(sqlite3_file *file) {
  return (struct guarded *)((char *)file + winit_offset_of_guarded);
}

/// Joins adjacent writes to a registry. Call this when the file was just opened.
void winit_join_writes(sqlite3_file *file);

/// Records that bytes were written. Asks the system for each MiB of adjacent bytes to begin to write it to the disk.
void winit_hint_written(sqlite3_file *file, sqlite3_int64 offset, int count);

/// Asks the system for the space of a transaction that makes the file larger by 1 MiB or more, up to the size.
void winit_hint_size(sqlite3_file *file, sqlite3_int64 size);

/// Gives back the reserved space behind the end of the file, which a transaction that failed leaves. Call this while the
/// transaction still has its lock.
void winit_hint_done(sqlite3_file *file);

#endif
