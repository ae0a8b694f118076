// A fault injector for files: an LD_PRELOAD library (Linux, 64 bits) between a program and its files. tools/torture
// uses it.
//
// It watches the files whose path contains $FAULT_MATCH. Every change of a watched file (a write, a truncation, a
// flush, a name created, renamed or removed) is an operation, counted from 1. Nothing is flushed to the real disk.
//
//   FAULT_LOG=path    a log with one line per operation: number, kind, path, offset, length, and "fault" if it struck
//   FAULT_AT=n        the fault strikes at the first operation from number n on to which it applies
//   FAULT_KIND=       kill       SIGKILL before the operation
//                     kill-half  SIGKILL after the first half of a write (after the whole of any other operation)
//                     kill-after SIGKILL after the operation
//                     eio        the operation fails with EIO
//                     enospc     the operation fails with ENOSPC; applies to operations that take space
//                     edquot     the operation fails with EDQUOT; applies to operations that take space
//                     short      a write writes its first half and returns that length
//                     eio-fsync  a flush fails with EIO, and the data that it should have flushed can still be lost
//                     powercut   data that was not flushed is lost or kept at random, then SIGKILL
//   FAULT_MODE=       once, or from: it also strikes at all later operations (after a short write, as ENOSPC)
//   FAULT_EXIT=cut    a power cut when the program exits (also without FAULT_KIND, or if no fault ended the program)
//   FAULT_LOSS=       random, all (all data that was not flushed is lost) or none
//   FAULT_SEED=n      the seed of random choices
//   FAULT_STATFS=0xn  the file system type that statfs and fstatfs return for a watched path
//   FAULT_AUDIT=path  a log of every call that could change a file, watched or not: kind, and the path without links. A
//                     file that is opened for writing is one
//
// The model of a power cut: for each sector of 512 bytes of a file, the disk holds any one of the contents that the
// sector has had since the last flush of the file. The same is true for the length of the file. A part of the file that
// was never written reads as zeros or as random bytes. A truncation is atomic: the file is as before the truncation or
// as after it, not a mixture. Names change in order: of the changes since the last flush of the folder, a first part is
// kept, as in a journaling file system. A flush of a file does not make its name durable.
//
// This library makes every system call directly, never through a function that it replaces. It never opens or closes a
// watched file while the program runs, because closing any descriptor of a file releases the locks of the process on
// it.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SECTOR = 512 };

// MARK: - Options

static const char *match, *kind = "";
static uint64_t seed;
static long at = LONG_MAX, statfs_type = -1;
static int from, exit_cut, log_fd = -1, audit_fd = -1, records;
static enum { RANDOM, ALL, NONE } loss;

// MARK: - State. One lock protects all of it, and is held during each operation.

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long operations, struck;

/// The content of a sector before a change.
struct old_sector {
  uint64_t sector, when;
  int absent;      // the sector was beyond the end of the file
  int shortening;  // the change was a truncation of the file
  int stuck;       // the flush of the change failed
  uint8_t bytes[SECTOR];
};

/// The length of a file before and after a change.
struct old_size {
  uint64_t when;
  off_t before, after;
};

/// A watched file, identified by device and inode, because names and descriptors change.
struct file {
  struct file *next;
  dev_t device;
  ino_t number;
  char path[PATH_MAX];  // one of the names of the file
  struct old_sector **sectors;
  size_t sector_count, sector_room;
  struct old_size *sizes;
  size_t size_count;
};
static struct file *files;

/// A change of names that is not yet durable.
struct change {
  enum { MADE, LINKED, REMOVED, MOVED } what;
  char from[PATH_MAX], to[PATH_MAX];
  char spare[PATH_MAX];  // an extra name for the file that was removed or replaced, or ""
  ino_t folder;
};
static struct change **changes;
static size_t change_count;

static uint64_t clock_;  // the number of changes of contents and lengths

// MARK: - Random choices

static uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

static uint64_t chance(uint64_t what, uint64_t bound) { return mix(mix(seed) ^ what) % bound; }

// MARK: - System calls

static int sys_open(int folder, const char *path, int flags, mode_t mode) {
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}
static ssize_t sys_pread(int fd, void *bytes, size_t count, off_t offset) {
  return syscall(SYS_pread64, fd, bytes, count, offset);
}
static ssize_t sys_pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  return syscall(SYS_pwrite64, fd, bytes, count, offset);
}
static int sys_unlink(const char *path) { return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
static int sys_link(const char *from, const char *to) {
  return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}
static int sys_rename(const char *from, const char *to) {
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

static void broken(const char *what) {
  fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
  abort();
}

static void *room(void *old, size_t bytes) {
  void *new = realloc(old, bytes);
  if (!new) broken("out of memory");
  return new;
}

// MARK: - Watched files

static int is_watched(const char *path) { return match && strstr(path, match); }

/// Writes the absolute form of a path, or "" if there is none.
static void absolute(int folder, const char *path, char out[PATH_MAX]) {
  char base[PATH_MAX] = "";
  out[0] = 0;
  if (path[0] != '/') {
    if (folder == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) return;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      ssize_t count = readlink(link, base, sizeof base - 1);
      if (count < 0) return;
      base[count] = 0;
    }
  }
  if (snprintf(out, PATH_MAX, "%s%s%s", base, base[0] ? "/" : "", path) >= PATH_MAX) out[0] = 0;
}

// MARK: - The audit

/// Logs a call that could change a file.
static void audit_path(const char *what, const char *path) {
  if (audit_fd < 0) return;
  char line[PATH_MAX + 64];
  int count = snprintf(line, sizeof line, "%s %s\n", what, path);
  syscall(SYS_write, audit_fd, line, count);
}

/// Logs a call that changes a name. The links of its folder are followed, and the name itself is not.
static void audit(const char *what, int folder, const char *path) {
  if (audit_fd < 0 || !path) return;
  int code = errno;
  char whole[PATH_MAX], real[PATH_MAX], joined[2 * PATH_MAX];
  absolute(folder, path, whole);
  char *slash = strrchr(whole, '/');
  if (slash) *slash = 0;
  if (slash && realpath(slash == whole ? "/" : whole, real)) {
    snprintf(joined, sizeof joined, "%s/%s", strcmp(real, "/") ? real : "", slash + 1);
    audit_path(what, joined);
  } else {
    audit_path(what, path);
  }
  errno = code;
}

/// Logs the file of a descriptor that was opened for writing, under the name to which links led.
static int audit_open(int fd, int flags, const char *path) {
  if (audit_fd < 0 || (fd < 0 ? !(flags & O_CREAT) : (flags & O_ACCMODE) == O_RDONLY)) return fd;
  int code = errno;
  char link[64], real[PATH_MAX];
  ssize_t count = -1;
  if (fd >= 0) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    count = readlink(link, real, sizeof real - 1);
  }
  if (count >= 0) real[count] = 0;
  audit_path(fd >= 0 ? "open" : "open-failed", count >= 0 ? real : path);
  errno = code;
  return fd;
}

static struct file *known(const struct stat *status) {
  for (struct file *file = files; file; file = file->next)
    if (file->device == status->st_dev && file->number == status->st_ino) return file;
  return NULL;
}

static struct file *watch(const struct stat *status, const char *path) {
  struct file *file = known(status);
  if (!file) {
    file = calloc(1, sizeof *file);
    if (!file) broken("out of memory");
    file->device = status->st_dev;
    file->number = status->st_ino;
    file->next = files;
    files = file;
  }
  snprintf(file->path, PATH_MAX, "%s", path);
  return file;
}

/// Returns the watched file of a descriptor, or NULL. Descriptors are looked up at every call, so it does not matter
/// how the program got them.
static struct file *watched(int fd, struct stat *status) {
  char link[64], path[PATH_MAX];
  if (!match || fstat(fd, status) || !S_ISREG(status->st_mode)) return NULL;
  struct file *file = known(status);
  if (file) return file;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t count = readlink(link, path, sizeof path - 1);
  if (count < 0) return NULL;
  path[count] = 0;
  return is_watched(path) ? watch(status, path) : NULL;
}

/// Returns the inode of the folder of a path.
static ino_t folder_of(const char *path) {
  char folder[PATH_MAX];
  struct stat status;
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (!slash) return 0;
  slash[slash == folder] = 0;
  return stat(folder, &status) ? 0 : status.st_ino;
}

// MARK: - When the fault strikes

enum { WRITES = 1, TAKES_SPACE = 2, FLUSHES = 4 };
enum fate { PERFORM, FAIL, HALF };

static int is(const char *name) { return !strcmp(kind, name); }

static int can_strike(int nature) {
  if (is("eio-fsync")) return nature & FLUSHES;
  if (is("enospc") || is("edquot")) return nature & TAKES_SPACE;
  if (is("short")) return struck ? nature & TAKES_SPACE : nature & WRITES;
  return 1;
}

/// Counts and logs an operation, and decides whether the fault strikes. With FAIL, errno is set.
static enum fate begin(const char *what, int nature, const char *path, off_t offset, size_t length) {
  int strikes = ++operations >= at && (from || !struck) && can_strike(nature);
  if (log_fd >= 0) {
    char line[PATH_MAX + 128];
    int count = snprintf(
      line, sizeof line, "%ld %s %s %ld %zu%s\n", operations, what, path, (long)offset, length,
      strikes ? " fault" : "");
    syscall(SYS_write, log_fd, line, count);
  }
  if (!strikes) return PERFORM;
  int again = struck++ > 0;
  if (is("kill")) die();
  if (is("kill-half")) return nature & WRITES ? HALF : PERFORM;
  if (is("eio") || is("eio-fsync")) return errno = EIO, FAIL;
  if (is("edquot")) return errno = EDQUOT, FAIL;
  if (is("enospc") || (is("short") && again)) return errno = ENOSPC, FAIL;
  if (is("short")) return HALF;
  return PERFORM;
}

static void cut(void);

/// Ends the program after an operation, if the fault struck and does so.
static void finish(void) {
  if (!struck) return;
  if (is("kill-after") || is("kill-half")) die();
  if (is("powercut")) {
    cut();
    die();
  }
}

// MARK: - Contents

static void remember_sector(
  struct file *file, int fd, uint64_t sector, off_t size, int shortening
) {
  struct old_sector *old = room(NULL, sizeof *old);
  *old = (struct old_sector){.sector = sector, .when = clock_, .shortening = shortening};
  off_t start = (off_t)sector * SECTOR;
  old->absent = start >= size;
  if (!old->absent && sys_pread(fd, old->bytes, SECTOR, start) < 0) broken("cannot read data before it is overwritten");
  if (file->sector_count == file->sector_room) {
    file->sector_room = file->sector_room * 2 + 64;
    file->sectors = room(file->sectors, file->sector_room * sizeof *file->sectors);
  }
  file->sectors[file->sector_count++] = old;
}

static void remember_size(struct file *file, off_t before, off_t after) {
  if (before == after) return;
  file->sizes = room(file->sizes, (file->size_count + 1) * sizeof *file->sizes);
  file->sizes[file->size_count++] = (struct old_size){clock_, before, after};
}

/// Remembers the sectors and the length that a write is about to change.
static void remember_write(struct file *file, int fd, off_t offset, size_t count, off_t size) {
  if (!records || !count) return;
  clock_++;
  off_t end = offset + (off_t)count;
  for (uint64_t sector = offset / SECTOR; sector <= (uint64_t)(end - 1) / SECTOR; sector++)
    remember_sector(file, fd, sector, size, 0);
  if (end > size) remember_size(file, size, end);
}

/// Remembers the sectors and the length that a truncation or an extension is about to change.
static void remember_length(struct file *file, int fd, off_t length, off_t size) {
  if (!records) return;
  clock_++;
  if (length < size)
    for (uint64_t sector = length / SECTOR; sector <= (uint64_t)(size - 1) / SECTOR; sector++)
      remember_sector(file, fd, sector, size, 1);
  remember_size(file, size, length);
}

/// Orders by sector, then by time.
static int by_sector(const void *a, const void *b) {
  const struct old_sector *x = *(struct old_sector *const *)a, *y = *(struct old_sector *const *)b;
  if (x->sector != y->sector) return x->sector < y->sector ? -1 : 1;
  return x->when < y->when ? -1 : x->when > y->when;
}

static int by_time(const void *a, const void *b) {
  const struct old_sector *x = *(struct old_sector *const *)a, *y = *(struct old_sector *const *)b;
  return x->when < y->when ? -1 : x->when > y->when;
}

/// Forgets the changes that a flush made durable. A change whose earlier flush failed can still be lost, unless the
/// sector was written again.
static void forget(struct file *file) {
  size_t kept = 0;
  int any_stuck = 0;
  for (size_t i = 0; i < file->sector_count; i++) any_stuck |= file->sectors[i]->stuck;
  if (any_stuck) qsort(file->sectors, file->sector_count, sizeof *file->sectors, by_sector);
  for (size_t i = 0; i < file->sector_count; i++) {
    struct old_sector *old = file->sectors[i];
    size_t last = i;
    while (any_stuck && last + 1 < file->sector_count && file->sectors[last + 1]->sector == old->sector) last++;
    if (old->stuck && file->sectors[last]->stuck) file->sectors[kept++] = old;
    else free(old);
  }
  file->sector_count = kept;
  if (kept) qsort(file->sectors, kept, sizeof *file->sectors, by_time);
  file->size_count = 0;
}

// MARK: - Names

static struct change *remember_change(int what, const char *from_path, const char *to_path) {
  struct change *change = calloc(1, sizeof *change);
  if (!change) broken("out of memory");
  change->what = what;
  change->folder = folder_of(to_path);
  snprintf(change->from, PATH_MAX, "%s", from_path);
  snprintf(change->to, PATH_MAX, "%s", to_path);
  changes = room(changes, (change_count + 1) * sizeof *changes);
  return changes[change_count++] = change;
}

/// Gives a file that is about to lose a name an extra name in the same folder.
static void spare(const char *path, char out[PATH_MAX]) {
  static int number;
  struct stat status;
  out[0] = 0;
  if (lstat(path, &status) || !S_ISREG(status.st_mode)) return;
  const char *slash = strrchr(path, '/');
  if (snprintf(out, PATH_MAX, "%.*s.faults-%d-%d", (int)(slash + 1 - path), path, getpid(), ++number) >= PATH_MAX ||
    sys_link(path, out))
    broken("cannot keep a file that is removed");
  struct file *file = known(&status);
  if (file) snprintf(file->path, PATH_MAX, "%s", out);
}

static void forget_change(size_t index) {
  if (changes[index]->spare[0]) sys_unlink(changes[index]->spare);
  free(changes[index]);
  memmove(changes + index, changes + index + 1, (--change_count - index) * sizeof *changes);
}

/// Forgets the changes of names that a flush of their folder made durable.
static void forget_changes(ino_t folder) {
  for (size_t i = change_count; i-- > 0;)
    if (changes[i]->folder == folder) forget_change(i);
}

// MARK: - The power cut

static void cut_file(struct file *file, uint64_t salt) {
  if (!file->sector_count && !file->size_count) return;
  struct stat status;
  int fd = sys_open(AT_FDCWD, file->path, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0 || fstat(fd, &status) || status.st_ino != file->number) return;  // the file has no name left

  // Choose how many truncations reached the disk. This limits the time from which length and contents can come.
  size_t shortenings = 0;
  for (size_t i = 0; i < file->size_count; i++) shortenings += file->sizes[i].after < file->sizes[i].before;
  size_t reached = loss == ALL ? 0 : (size_t)chance(salt + 1, shortenings + 1);
  uint64_t low = 0, high = UINT64_MAX;
  off_t *lengths = room(NULL, (file->size_count + 1) * sizeof *lengths);
  lengths[0] = file->size_count ? file->sizes[0].before : status.st_size;
  size_t candidates = 1;
  for (size_t i = 0; i < file->size_count && high == UINT64_MAX; i++) {
    struct old_size *change = &file->sizes[i];
    if (change->after > change->before) {
      lengths[candidates++] = change->after;
    } else if (reached > 0) {
      reached--;
      low = change->when;
      candidates = 1;
      lengths[0] = change->after;
    } else {
      high = change->when;
    }
  }
  // Half of the time choose the last length, which fits everything that was written.
  size_t pick = loss == ALL ? 0 : chance(salt + 2, 2) ? candidates - 1 : (size_t)chance(salt + 3, candidates);
  off_t length = lengths[pick];
  free(lengths);
  if (syscall(SYS_ftruncate, fd, length)) broken("cannot restore a length");

  qsort(file->sectors, file->sector_count, sizeof *file->sectors, by_sector);
  // Choose how much is lost, in pieces of which length, and what an unwritten part contains.
  uint64_t odds = chance(salt + 5, 3), piece = (uint64_t[]){1, 8, 32, 256}[chance(salt + 6, 4)];
  int rubbish = (int)chance(salt + 7, 2);
  for (size_t i = 0, end; i < file->sector_count; i = end) {
    uint64_t sector = file->sectors[i]->sector;
    for (end = i; end < file->sector_count && file->sectors[end]->sector == sector; end++) {}
    // The possible contents: entry j is the content before change j, and the end stands for the content now.
    size_t first = i, last = end;
    for (size_t j = i; j < end; j++) {
      if (file->sectors[j]->shortening && file->sectors[j]->when <= low) first = j + 1;
      if (file->sectors[j]->when >= high && last == end) last = j;
    }
    size_t chosen = first;
    if (loss != ALL) {
      uint64_t dice = mix(seed ^ mix(salt + 8) ^ mix(sector / piece));
      int lost = dice % 32 < (uint64_t[]){1, 16, 31}[odds];
      chosen = !lost || last == first ? last : first + (size_t)((dice >> 32) % (last - first));
    }
    off_t start = (off_t)sector * SECTOR;
    if (chosen == end || start >= length) continue;
    struct old_sector *old = file->sectors[chosen];
    if (old->absent)
      for (int k = 0; k < SECTOR; k++) old->bytes[k] = rubbish ? (uint8_t)mix(seed + sector * SECTOR + (uint64_t)k) : 0;
    size_t count = length - start < SECTOR ? (size_t)(length - start) : SECTOR;
    if (sys_pwrite(fd, old->bytes, count, start) < 0) broken("cannot restore a sector");
  }
  close(fd);
}

static void undo(struct change *change) {
  switch (change->what) {
    case MADE:
    case LINKED: sys_unlink(change->to); break;
    case REMOVED: if (change->spare[0]) sys_link(change->spare, change->to); break;
    case MOVED:
      sys_rename(change->to, change->from);
      if (change->spare[0]) sys_link(change->spare, change->to);
  }
}

static void cut(void) {
  if (loss != NONE) {
    uint64_t salt = 0;
    for (struct file *file = files; file; file = file->next) cut_file(file, salt += 1000);
    size_t kept = loss == ALL ? 0 : (size_t)chance(1, change_count + 1);
    for (size_t i = change_count; i-- > kept;) undo(changes[i]);
  }
  while (change_count) forget_change(change_count - 1);
}

// MARK: - Replaced functions

static ssize_t write_at(int fd, const void *bytes, size_t count, off_t offset, int moves) {
  struct stat status;
  pthread_mutex_lock(&lock);
  struct file *file = watched(fd, &status);
  ssize_t result = -1;
  enum fate fate = PERFORM;
  if (file) {
    if (moves) offset = fcntl(fd, F_GETFL) & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
    fate = begin("write", WRITES | TAKES_SPACE, file->path, offset, count);
    if (fate == HALF && count > 1) count /= 2;
    if (fate != FAIL) remember_write(file, fd, offset, count, status.st_size);
  }
  if (fate != FAIL) result = moves ? syscall(SYS_write, fd, bytes, count) : sys_pwrite(fd, bytes, count, offset);
  int code = errno;
  if (file) finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}

ssize_t write(int fd, const void *bytes, size_t count) { return write_at(fd, bytes, count, 0, 1); }
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return write_at(fd, bytes, count, offset, 0); }
ssize_t pwrite64(int, const void *, size_t, off64_t) __attribute__((alias("pwrite")));

static ssize_t write_vector(int fd, const struct iovec *pieces, int count, off_t offset, int moves) {
  size_t length = 0, done = 0;
  for (int i = 0; i < count; i++) length += pieces[i].iov_len;
  char *bytes = room(NULL, length + 1);
  for (int i = 0; i < count; done += pieces[i++].iov_len) memcpy(bytes + done, pieces[i].iov_base, pieces[i].iov_len);
  ssize_t result = write_at(fd, bytes, length, offset, moves);
  int code = errno;
  free(bytes);
  errno = code;
  return result;
}

ssize_t writev(int fd, const struct iovec *pieces, int count) { return write_vector(fd, pieces, count, 0, 1); }
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) {
  return write_vector(fd, pieces, count, offset, 0);
}
ssize_t pwritev64(int, const struct iovec *, int, off64_t) __attribute__((alias("pwritev")));

static int is_watched_descriptor(int fd) {
  struct stat status;
  pthread_mutex_lock(&lock);
  int result = watched(fd, &status) != NULL;
  pthread_mutex_unlock(&lock);
  return result;
}

/// Replaces a copy within the kernel by reads and writes.
static ssize_t copy(int to, off_t *to_offset, int source, off_t *source_offset, size_t count) {
  char *bytes = room(NULL, 1 << 20);
  if (count > 1 << 20) count = 1 << 20;
  ssize_t result = source_offset ? sys_pread(source, bytes, count, *source_offset) : read(source, bytes, count);
  ssize_t got = result;
  if (got > 0) result = write_at(to, bytes, (size_t)got, to_offset ? *to_offset : 0, !to_offset);
  int code = errno;
  if (result >= 0 && result < got && !source_offset) lseek(source, result - got, SEEK_CUR);
  if (result > 0 && source_offset) *source_offset += result;
  if (result > 0 && to_offset) *to_offset += result;
  free(bytes);
  errno = code;
  return result;
}

ssize_t sendfile(int to, int source, off_t *offset, size_t count) {
  if (is_watched_descriptor(to)) return copy(to, NULL, source, offset, count);
  return syscall(SYS_sendfile, to, source, offset, count);
}
ssize_t sendfile64(int, int, off64_t *, size_t) __attribute__((alias("sendfile")));

ssize_t copy_file_range(int source, off64_t *source_offset, int to, off64_t *to_offset, size_t count, unsigned flags) {
  if (is_watched_descriptor(to)) return copy(to, to_offset, source, source_offset, count);
  return syscall(SYS_copy_file_range, source, source_offset, to, to_offset, count, flags);
}

int ftruncate(int fd, off_t length) {
  struct stat status;
  pthread_mutex_lock(&lock);
  struct file *file = watched(fd, &status);
  int result = -1;
  enum fate fate = PERFORM;
  if (file) {
    fate = begin("truncate", length > status.st_size ? TAKES_SPACE : 0, file->path, length, 0);
    if (fate != FAIL) remember_length(file, fd, length, status.st_size);
  }
  if (fate != FAIL) result = (int)syscall(SYS_ftruncate, fd, length);
  int code = errno;
  if (file) finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}
int ftruncate64(int, off64_t) __attribute__((alias("ftruncate")));

int fallocate(int fd, int mode, off_t offset, off_t count) {
  struct stat status;
  pthread_mutex_lock(&lock);
  struct file *file = watched(fd, &status);
  int result = -1;
  enum fate fate = PERFORM;
  if (file) {
    fate = begin("allocate", TAKES_SPACE, file->path, offset, (size_t)count);
    if (mode & ~FALLOC_FL_KEEP_SIZE) errno = EOPNOTSUPP, fate = FAIL;
    off_t end = offset + count;
    if (fate != FAIL && !mode && end > status.st_size) remember_length(file, fd, end, status.st_size);
  }
  if (fate != FAIL) result = (int)syscall(SYS_fallocate, fd, mode, offset, count);
  int code = errno;
  if (file) finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}
int fallocate64(int, int, off64_t, off64_t) __attribute__((alias("fallocate")));
int posix_fallocate(int fd, off_t offset, off_t count) { return fallocate(fd, 0, offset, count) ? errno : 0; }
int posix_fallocate64(int, off64_t, off64_t) __attribute__((alias("posix_fallocate")));

/// Flushes a watched file, or a folder that contains one.
static int flush(int fd, long number) {
  struct stat status;
  char path[PATH_MAX] = "";
  pthread_mutex_lock(&lock);
  struct file *file = watched(fd, &status);
  int is_folder = 0;
  if (!file && match && !fstat(fd, &status) && S_ISDIR(status.st_mode))
    for (struct file *other = files; other && !is_folder; other = other->next) {
      is_folder = folder_of(other->path) == status.st_ino;
      snprintf(path, sizeof path, "folder-of:%s", other->path);
    }
  if (!file && !is_folder) {
    pthread_mutex_unlock(&lock);
    return (int)syscall(number, fd);
  }
  enum fate fate = begin(is_folder ? "flush-folder" : "flush", FLUSHES, is_folder ? path : file->path, 0, 0);
  int code = errno;
  finish();  // a power cut strikes before the flush takes effect
  if (fate == FAIL) {
    if (file) for (size_t i = 0; i < file->sector_count; i++) file->sectors[i]->stuck = 1;
  } else if (is_folder) {
    forget_changes(status.st_ino);
  } else {
    forget(file);
  }
  pthread_mutex_unlock(&lock);
  errno = code;
  return fate == FAIL ? -1 : 0;
}

int fsync(int fd) { return flush(fd, SYS_fsync); }
int fdatasync(int fd) { return flush(fd, SYS_fdatasync); }

/// Forgets what was remembered of a deleted file whose inode a new file has.
static void forget_inode(const struct stat *status) {
  struct file *old = known(status);
  if (!old) return;
  old->size_count = 0;
  while (old->sector_count) free(old->sectors[--old->sector_count]);
}

/// Opens a file without a name. A power cut leaves nothing of it, unless it has got a name by then.
static int open_unnamed(int folder, const char *path, char whole[PATH_MAX], int flags, mode_t mode) {
  if (strlen(whole) + 1 < PATH_MAX) strcat(whole, "/");
  if (!is_watched(whole)) return sys_open(folder, path, flags, mode);
  pthread_mutex_lock(&lock);
  struct stat status;
  int result = -1;
  if (begin("make", TAKES_SPACE, whole, 0, 0) != FAIL) result = sys_open(folder, path, flags, mode);
  int code = errno;
  if (result >= 0 && !fstat(result, &status)) forget_inode(&status);
  finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  char whole[PATH_MAX];
  absolute(folder, path, whole);
  // A file without a name, in a watched folder, is an operation too.
  if ((flags & O_TMPFILE) == O_TMPFILE) return audit_open(open_unnamed(folder, path, whole, flags, mode), flags, whole);
  if (!is_watched(whole) || flags & (O_DIRECTORY | O_PATH))
    return audit_open(sys_open(folder, path, flags, mode), flags, whole);
  pthread_mutex_lock(&lock);
  struct stat status;
  int result = -1, is_new = flags & O_CREAT && lstat(whole, &status) && errno == ENOENT;
  enum fate fate = is_new ? begin("make", TAKES_SPACE, whole, 0, 0) : PERFORM;
  // Overwritten data must be read first, so the file is opened for reading too. Truncation is an operation of its own.
  int shortens = !is_new && flags & O_TRUNC && (flags & O_ACCMODE) != O_RDONLY;
  if ((flags & O_ACCMODE) == O_WRONLY) flags = (flags & ~O_ACCMODE) | O_RDWR;
  if (fate != FAIL) result = audit_open(sys_open(folder, path, shortens ? flags & ~O_TRUNC : flags, mode), flags, whole);
  int code = errno;
  if (result >= 0 && !fstat(result, &status) && S_ISREG(status.st_mode)) {
    if (is_new) forget_inode(&status);
    watch(&status, whole);
    if (is_new && records) remember_change(MADE, "", whole);
  }
  if (is_new) finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  if (result >= 0 && shortens && ftruncate(result, 0)) {
    code = errno;
    syscall(SYS_close, result);
    errno = code;
    return -1;
  }
  return result;
}

static mode_t mode_of(int flags, va_list rest) {
  return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char *, int, ...) __attribute__((alias("open")));

int openat(int folder, const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_at(folder, path, flags, mode);
}
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));

int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *, mode_t) __attribute__((alias("creat")));

int mknodat(int folder, const char *path, mode_t mode, dev_t device) {
  char whole[PATH_MAX];
  absolute(folder, path, whole);
  audit("mknod", folder, path);
  if (!is_watched(whole)) return (int)syscall(SYS_mknodat, folder, path, mode, device);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (begin("make", TAKES_SPACE, whole, 0, 0) != FAIL) {
    result = (int)syscall(SYS_mknodat, folder, path, mode, device);
    if (!result) {
      struct stat status;
      if (!lstat(whole, &status)) {
        forget_inode(&status);
        watch(&status, whole);
      }
      if (records) remember_change(MADE, "", whole);
    }
  }
  int code = errno;
  finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}
int mknod(const char *path, mode_t mode, dev_t device) { return mknodat(AT_FDCWD, path, mode, device); }

int unlinkat(int folder, const char *path, int flags) {
  char whole[PATH_MAX];
  absolute(folder, path, whole);
  audit(flags ? "rmdir" : "unlink", folder, path);
  struct stat status;
  if (flags || !is_watched(whole) || lstat(whole, &status)) return (int)syscall(SYS_unlinkat, folder, path, flags);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (begin("unlink", 0, whole, 0, 0) != FAIL) {
    char kept[PATH_MAX] = "";
    if (records) spare(whole, kept);
    result = sys_unlink(whole);
    if (records && !result) snprintf(remember_change(REMOVED, "", whole)->spare, PATH_MAX, "%s", kept);
  }
  int code = errno;
  finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int linkat(int from_folder, const char *from_path, int to_folder, const char *to_path, int flags) {
  char source[PATH_MAX], target[PATH_MAX];
  absolute(from_folder, from_path, source);
  absolute(to_folder, to_path, target);
  audit("link", to_folder, to_path);
  if (!is_watched(target)) return (int)syscall(SYS_linkat, from_folder, from_path, to_folder, to_path, flags);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (begin("link", TAKES_SPACE, target, 0, 0) != FAIL) {
    result = (int)syscall(SYS_linkat, from_folder, from_path, to_folder, to_path, flags);
    if (!result) {
      struct stat status;
      if (!lstat(target, &status)) watch(&status, target);
      if (records) remember_change(LINKED, source, target);
    }
  }
  int code = errno;
  finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}
int link(const char *from_path, const char *to_path) { return linkat(AT_FDCWD, from_path, AT_FDCWD, to_path, 0); }

/// Replaces the beginning of a path that led through a folder before the folder was renamed.
static void moved_path(char path[PATH_MAX], const char *source, const char *target) {
  size_t length = strlen(source);
  char rest[PATH_MAX];
  if (strncmp(path, source, length) || path[length] != '/') return;
  snprintf(rest, PATH_MAX, "%s", path + length);
  if (snprintf(path, PATH_MAX, "%s%s", target, rest) >= PATH_MAX) path[0] = 0;
}

/// Follows the files of a folder that was renamed.
static void moved_folder(const char *source, const char *target) {
  for (struct file *file = files; file; file = file->next) moved_path(file->path, source, target);
  for (size_t i = 0; i < change_count; i++) {
    moved_path(changes[i]->from, source, target);
    moved_path(changes[i]->to, source, target);
    moved_path(changes[i]->spare, source, target);
  }
}

int renameat2(int from_folder, const char *from_path, int to_folder, const char *to_path, unsigned flags) {
  char source[PATH_MAX], target[PATH_MAX];
  absolute(from_folder, from_path, source);
  absolute(to_folder, to_path, target);
  audit("rename-from", from_folder, from_path);
  audit("rename", to_folder, to_path);
  struct stat status;
  if (!is_watched(target) || lstat(source, &status))
    return (int)syscall(SYS_renameat2, from_folder, from_path, to_folder, to_path, flags);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (begin("rename", TAKES_SPACE, target, 0, 0) != FAIL) {
    char kept[PATH_MAX] = "";
    if (records) spare(target, kept);
    result = (int)syscall(SYS_renameat2, from_folder, from_path, to_folder, to_path, flags);
    if (!result && S_ISDIR(status.st_mode)) moved_folder(source, target);
    if (!result) watch(&status, target);
    if (!result && records) snprintf(remember_change(MOVED, source, target)->spare, PATH_MAX, "%s", kept);
  }
  int code = errno;
  finish();
  pthread_mutex_unlock(&lock);
  errno = code;
  return result;
}
int renameat(int from_folder, const char *from_path, int to_folder, const char *to_path) {
  return renameat2(from_folder, from_path, to_folder, to_path, 0);
}
int rename(const char *from_path, const char *to_path) {
  return renameat2(AT_FDCWD, from_path, AT_FDCWD, to_path, 0);
}

// MARK: - Replaced functions that are only logged

int remove(const char *path) {
  struct stat status;
  if (lstat(path, &status)) return -1;
  return unlinkat(AT_FDCWD, path, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
}
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int truncate(const char *path, off_t length) {
  audit("truncate", AT_FDCWD, path);
  return (int)syscall(SYS_truncate, path, length);
}
int truncate64(const char *, off64_t) __attribute__((alias("truncate")));

int mkdirat(int folder, const char *path, mode_t mode) {
  audit("mkdir", folder, path);
  return (int)syscall(SYS_mkdirat, folder, path, mode);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int symlinkat(const char *target, int folder, const char *path) {
  audit("symlink", folder, path);
  return (int)syscall(SYS_symlinkat, target, folder, path);
}
int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

int mkfifo(const char *path, mode_t mode) { return mknodat(AT_FDCWD, path, mode | S_IFIFO, 0); }

int fchmodat(int folder, const char *path, mode_t mode, int flags) {
  audit("chmod", folder, path);
  if (flags) return errno = ENOTSUP, -1;
  return (int)syscall(SYS_fchmodat, folder, path, mode);
}
int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }

int fchownat(int folder, const char *path, uid_t user, gid_t group, int flags) {
  audit("chown", folder, path);
  return (int)syscall(SYS_fchownat, folder, path, user, group, flags);
}
int chown(const char *path, uid_t user, gid_t group) { return fchownat(AT_FDCWD, path, user, group, 0); }
int lchown(const char *path, uid_t user, gid_t group) {
  return fchownat(AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW);
}

int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
  audit("times", folder, path);
  return (int)syscall(SYS_utimensat, folder, path, times, flags);
}

int setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
  audit("attribute", AT_FDCWD, path);
  return (int)syscall(SYS_setxattr, path, name, value, size, flags);
}

// The functions of libc that open a file themselves, and not through `open`.

static FILE *open_stream(const char *path, const char *mode) {
  static FILE *(*next)(const char *, const char *);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "fopen");
  FILE *stream = next(path, mode);
  if (stream && strpbrk(mode, "wa+")) audit_open(fileno(stream), O_RDWR, path);
  return stream;
}
FILE *fopen(const char *path, const char *mode) { return open_stream(path, mode); }
FILE *fopen64(const char *path, const char *mode) { return open_stream(path, mode); }

static int open_temporary(char *template, int suffix, int flags) {
  static int (*next)(char *, int, int);
  if (!next) *(void **)&next = dlsym(RTLD_NEXT, "mkostemps");
  return audit_open(next(template, suffix, flags), O_RDWR | O_CREAT, template);
}
int mkstemp(char *template) { return open_temporary(template, 0, 0); }
int mkstemp64(char *template) { return open_temporary(template, 0, 0); }
int mkostemp(char *template, int flags) { return open_temporary(template, 0, flags); }
int mkostemp64(char *template, int flags) { return open_temporary(template, 0, flags); }

int statfs(const char *path, struct statfs *out) {
  char whole[PATH_MAX + 1];
  int result = (int)syscall(SYS_statfs, path, out);
  absolute(AT_FDCWD, path, whole);
  // The folder of a watched file counts as watched, because the file may not exist yet.
  if (!result && statfs_type >= 0 && (is_watched(whole) || is_watched(strcat(whole, "/")))) out->f_type = statfs_type;
  return result;
}
int statfs64(const char *, struct statfs64 *) __attribute__((alias("statfs")));

int fstatfs(int fd, struct statfs *out) {
  char link[64], path[PATH_MAX];
  int result = (int)syscall(SYS_fstatfs, fd, out);
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t count = readlink(link, path, sizeof path - 2);
  if (result || statfs_type < 0 || count < 0) return result;
  strcpy(path + count, "/");
  if (is_watched(path)) out->f_type = statfs_type;
  return 0;
}
int fstatfs64(int, struct statfs64 *) __attribute__((alias("fstatfs")));

// MARK: - Start and end of the program

static long number(const char *name, long otherwise) {
  const char *text = getenv(name);
  return text && *text ? strtol(text, NULL, 0) : otherwise;
}

/// Opens a log with a high number, because the program may expect low numbers for its own descriptors.
static int open_log(const char *path) {
  int fd = sys_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  int high = fcntl(fd, F_DUPFD_CLOEXEC, 500);
  syscall(SYS_close, fd);
  return high;
}

__attribute__((constructor)) static void start(void) {
  const char *text = getenv("FAULT_MATCH");
  match = text && *text ? text : NULL;
  if ((text = getenv("FAULT_KIND"))) kind = text;
  seed = (uint64_t)number("FAULT_SEED", 0);
  at = number("FAULT_AT", LONG_MAX);
  statfs_type = number("FAULT_STATFS", -1);
  from = (text = getenv("FAULT_MODE")) && !strcmp(text, "from");
  exit_cut = (text = getenv("FAULT_EXIT")) && !strcmp(text, "cut");
  records = exit_cut || is("powercut");
  text = getenv("FAULT_LOSS");
  loss = text && !strcmp(text, "all") ? ALL : text && !strcmp(text, "none") ? NONE : RANDOM;
  if ((text = getenv("FAULT_LOG")) && *text) log_fd = open_log(text);
  if ((text = getenv("FAULT_AUDIT")) && *text) audit_fd = open_log(text);
}

__attribute__((destructor)) static void end(void) {
  pthread_mutex_lock(&lock);
  if (exit_cut) cut();
  while (change_count) forget_change(change_count - 1);
  pthread_mutex_unlock(&lock);
}
