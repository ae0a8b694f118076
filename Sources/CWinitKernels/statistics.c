// The functions of winit_statistics.h: they call a kernel in the law's floating-point mode.

#include "arithmetic.h"
#include "functions.h"

void winit_statistics_read(
    enum winit_kernel kernel, const void *bytes, size_t count, unsigned format, double *values) {
  const uint64_t mode = arithmetic_enter();
  winit_functions_of(kernel)->statistics.read(bytes, count, format, values);
  arithmetic_leave(mode);
}

struct winit_scan winit_statistics_scan(enum winit_kernel kernel, const double *values, size_t count) {
  const uint64_t mode = arithmetic_enter();
  const struct winit_scan found = winit_functions_of(kernel)->statistics.scan(values, count);
  arithmetic_leave(mode);
  return found;
}

void winit_statistics_powers(
    enum winit_kernel kernel, const double *values, size_t count, double center, double sums[4]) {
  const uint64_t mode = arithmetic_enter();
  winit_functions_of(kernel)->statistics.powers(values, count, center, sums);
  arithmetic_leave(mode);
}

void winit_statistics_count(
    enum winit_kernel kernel, const double *values, size_t count, const struct winit_intervals *intervals,
    int64_t *counts) {
  const uint64_t mode = arithmetic_enter();
  winit_functions_of(kernel)->statistics.count(values, count, intervals, counts);
  arithmetic_leave(mode);
}

void winit_statistics_hash(
    enum winit_kernel kernel, const double *values, size_t count, const struct winit_hash_side *sides,
    size_t side_count, int is_wide) {
  const uint64_t mode = arithmetic_enter();
  winit_functions_of(kernel)->statistics.hash(values, count, sides, side_count, is_wide);
  arithmetic_leave(mode);
}
