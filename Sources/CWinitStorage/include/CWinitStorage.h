// Calls of SQLite and of the system that WinitStorage needs and that Swift cannot make.
#ifndef CWINIT_STORAGE_H
#define CWINIT_STORAGE_H

#include <stdint.h>

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

/// Renames a file, unless there is a file with the new name. Returns 0, or -1 with errno.
int winit_rename_if_absent(const char *from, const char *to);

// The guard: the virtual file system through which SQLite opens registries. It is the system's own with these limits
// and one change:
//
// - Before SQLite rolls back a journal, `winit_companion_check` reads it under the exclusive lock, through the
//   descriptor that SQLite reads next.
// - A super-journal, which transactions over several files have, is never opened. No file is deleted but the journal
//   and the log of a database that was opened. (If another thread opened a database of its own while the guard was the
//   default, these two limits end, because SQLite does not say which connection deletes a file.)
// - A file beside a database is opened only if it is a regular file with one name, of an owner who could write the
//   database.
// - A write-ahead log is opened only with `WINIT_FOLDING_LOG`, and only if the header of the database says that the
//   database is a registry with a log.
// - Adjacent pages of a registry that is opened for writing are joined into one write (joined_writes.c).
//
// This is C because SQLite calls it, and because GRDB always opens the default file system. The guard is the default
// from `winit_guard_begin` until SQLite opens the next file on the same thread.

/// How a database is opened.
enum winit_access { WINIT_READING, WINIT_EXISTING, WINIT_CREATING, WINIT_FOLDING_LOG };

/// Why a file is not opened. SQLite's result code is SQLITE_CANTOPEN | problem << 8.
enum winit_problem {
  WINIT_SUPER_JOURNAL = 0x41,
  WINIT_JOURNAL_HEADER,
  WINIT_JOURNAL_PAGE_SIZE,
  WINIT_JOURNAL_PAGE_COUNT,
  WINIT_JOURNAL_OF_OTHER_FILE,
  WINIT_NOT_REGULAR,
  WINIT_SEVERAL_NAMES,
  WINIT_OTHER_OWNER,
  WINIT_LOG,
  WINIT_STRAY_LOG,
  WINIT_NOT_A_REGISTRY,
};

/// Returns why a journal must not be rolled back: a `winit_problem`, 0 if nothing is wrong, or -1 if the journal cannot
/// be read. Both parameters are for `winit_file_size` and `winit_file_read`.
typedef int (*winit_companion_check)(void *journal, void *database);

/// Begins the opening of a database on this thread. A database that is opened or attached through the guard without
/// this call counts as one of other code, to which no limit applies. With `attaches`, the database is attached to a
/// connection that the guard holds; otherwise the guard becomes SQLite's default. Returns SQLITE_OK or SQLite's result
/// code.
int winit_guard_begin(int access, int attaches, winit_companion_check check);

/// Ends the opening, on the thread that began it.
void winit_guard_end(void);

/// Returns whether the main database of a `sqlite3 *` was opened through the guard.
int winit_guard_holds(void *connection);

/// Returns the size of an open file in bytes, or -1.
long long winit_file_size(void *file);

/// Reads bytes of an open file. Returns whether all of them could be read.
int winit_file_read(void *file, void *bytes, int count, long long offset);

/// Lets a function stop the statements of a connection. SQLite calls it every 500 steps of its virtual machine, which
/// are microseconds; if it returns a number other than 0, the statement ends with SQLITE_INTERRUPT. SQLite calls the
/// other function at the beginning of each statement, with the context as the second argument; it returns 0.
///
/// `connection` is an open `sqlite3 *`.
void winit_sqlite_watch(void *connection, int (*should_stop)(void *), int (*begins)(unsigned, void *, void *, void *),
                        void *context);

/// Returns whether a connection is in a transaction, and therefore may hold a lock on the file. Usable while SQLite
/// waits for a lock.
int winit_sqlite_holds_lock(void *connection);

/// Returns 1 if the path of the main database of a `sqlite3 *` no longer names its file, and 0 if it does.
int winit_sqlite_has_moved(void *connection);

/// Returns the number of pages that a `sqlite3 *` has read from its files.
int winit_sqlite_page_reads(void *connection);

/// Returns the process that holds a lock on a database that this process has open; 0 if there is none, and -1 if the
/// system does not tell, as for a process in another container.
///
/// The function asks through the descriptor that SQLite has open. It opens and closes none, because closing one would
/// release the locks of this process. It is C because fcntl is variadic.
int winit_lock_holder(const char *path);

/// A database file that is opened for its locks and its bytes, whatever it contains. SQLite's own file object reads and
/// locks it: if this process opened the file itself, closing it would drop the locks of its other connections.
typedef struct winit_raw_file winit_raw_file;

/// Opens a file that exists. Reads no page of it, and takes no lock.
///
/// Returns SQLITE_OK, or SQLite's result code; then `*file` is null.
int winit_raw_open(const char *path, winit_raw_file **file);

/// Closes the file, and drops its lock.
void winit_raw_close(winit_raw_file *file);

/// Takes a shared lock, or an exclusive one, as SQLite's own transactions do. Does not wait.
///
/// Returns SQLITE_OK, SQLITE_BUSY, or another of SQLite's result codes.
int winit_raw_lock(winit_raw_file *file, int exclusive);

/// Drops the lock.
void winit_raw_unlock(winit_raw_file *file);

/// Stores the size of the file in bytes. Returns SQLite's result code.
int winit_raw_size(winit_raw_file *file, int64_t *size);

/// Reads `count` bytes at an offset. Bytes behind the end of the file are zeros. Returns SQLite's result code.
int winit_raw_read(winit_raw_file *file, void *bytes, int count, int64_t offset);

/// Returns 1 if the path no longer names the file, and 0 if it does.
int winit_raw_has_moved(winit_raw_file *file);

#endif
