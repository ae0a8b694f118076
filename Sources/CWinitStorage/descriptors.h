// Finding a descriptor that SQLite has open. SQLite does not expose its descriptors. No other one is opened, because
// closing it would release the locks of this process.

#ifndef WINIT_DESCRIPTORS_H
#define WINIT_DESCRIPTORS_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/// Returns whether a descriptor is open, and is that of a file.
static inline int is_descriptor_of(int descriptor, const struct stat *file) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && status.st_dev == file->st_dev && status.st_ino == file->st_ino;
}

/// Returns a descriptor of a file that this process has open, or -1. With `for_writing`, one that can be written to.
/// The function looks at 4,096 descriptors at most, so that a process with a high limit does not search for long.
static inline int descriptor_of(const struct stat *file, int for_writing) {
  long limit = sysconf(_SC_OPEN_MAX);
  if (limit < 0 || limit > 4096) limit = 4096;
  for (int descriptor = 3; descriptor < limit; descriptor++)
    if (is_descriptor_of(descriptor, file) &&
        (!for_writing || (fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_RDWR))
      return descriptor;
  return -1;
}

#endif
