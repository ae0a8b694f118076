// What the guard keeps of an open file, behind the bytes that the system's own file system keeps.

#ifndef WINIT_GUARDED_H
#define WINIT_GUARDED_H

#include <sqlite3.h>
#include <stddef.h>

/// The state of write_back.c for a registry that is opened for writing.
struct write_back {
  /// The methods of the system's own file system.
  const sqlite3_io_methods *system;
  /// The same, with another xWrite.
  sqlite3_io_methods methods;
  /// The bytes of adjacent writes that the system was not asked to write back yet: `start` ..< `end`.
  sqlite3_int64 start, end;
  /// A descriptor of the file; 0 if none was looked for, -1 if there is none.
  int descriptor;
};

struct guarded {
  int is_guarded;
  int access;
  /// The path of a registry, which SQLite keeps while the file is open.
  const char *path;
  struct write_back write_back;
};

extern size_t winit_offset_of_guarded;

static inline struct guarded *guarded(sqlite3_file *file) {
  return (struct guarded *)((char *)file + winit_offset_of_guarded);
}

/// Lets the system begin early to write back what is written to a registry. Call this when the file was just opened.
void winit_write_back_early(sqlite3_file *file);

#endif
