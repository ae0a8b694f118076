// System calls that WinitStorage needs and that Swift cannot make.
#ifndef CWINIT_STORAGE_H
#define CWINIT_STORAGE_H

/// Prepares a connection to read files that are not trusted. After this call SQL cannot corrupt the schema, the schema
/// cannot call functions with side effects, views are disabled, double quotes enclose names and never strings, no
/// extension can be loaded, and a value longer than `maximum_length` bytes is an error.
///
/// `connection` is an open `sqlite3 *`. Returns SQLITE_OK, or SQLite's result code of the first setting that failed.
///
/// This is C because sqlite3_db_config is variadic.
int winit_sqlite_harden(void *connection, int maximum_length);

/// Returns the type of the file system that holds a file, as a number of Linux's magic.h, or 0 if the type is unknown.
/// Systems other than Linux always give 0.
///
/// This is C because Glibc's module for Swift lacks statfs.
unsigned winit_file_system_type(const char *path);

#endif
