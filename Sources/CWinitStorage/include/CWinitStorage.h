// What the store needs and Swift cannot call.
#ifndef CWINIT_STORAGE_H
#define CWINIT_STORAGE_H

/// Prepares a connection (a `sqlite3 *`) for files from anywhere: the schema may not be corrupted by SQL, may call no
/// function that has effects, and has no views; double quotes are names, never strings; no extension can be loaded;
/// and no value may be longer than `longest` bytes.
///
/// Returns SQLite's result code.
/// (sqlite3_db_config is variadic.)
int winit_sqlite_harden(void *connection, int longest);

/// The number of the file system's type on which a file lies, as in Linux's magic.h; 0 where that cannot be told, as on
/// systems that have no such numbers. (Glibc's module for Swift lacks statfs.)
unsigned winit_file_system_type(const char *path);

#endif
