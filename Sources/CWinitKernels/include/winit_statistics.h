// The loops over elements of a diagnosis, which WinitDiagnosis calls. The names here may change between releases.
//
// No function decides a recorded bit. Still, each gives the same bits with every kernel: a sum has eight lanes, of the
// elements with the same index modulo 8, which are added in one order at the end. The functions set and restore the
// floating-point mode of the law. They do not check their arguments. The caller passes a kernel that is available.

#ifndef WINIT_STATISTICS_H
#define WINIT_STATISTICS_H

#include "winit_kernels.h"

/// What one look at values shows.
struct winit_scan {
  double low, high;   // the smallest and the largest value; meaningless if one is not finite
  double sum;         // the sum of the values
  uint64_t zeros;     // how many values are 0
  int is_finite;      // whether all values are finite
};

/// The intervals of a histogram: the value x belongs to the interval ⌊x × scale[0] × scale[1]⌋ − first, or to the last
/// one if that is beyond it.
struct winit_intervals {
  double scale[2];    // powers of two
  double first;       // an integer
  uint64_t capacity;  // how many intervals there are, at most 2²²
};

/// The hashes to which the terms of consecutive elements are added. The term of an element is the product modulo 2⁶⁴ of
/// its bits, mixed so that only 0 gives 0, and a factor.
struct winit_hash_side {
  const uint64_t *factors;  // the factor of each element, if all belong to the unit of hashes[0]; or NULL
  uint64_t factor;          // otherwise: the factor of every element, and element i belongs to the unit of hashes[i]
  uint64_t *hashes;
};

/// Reads elements as binary64 numbers, exactly; −0 gives 0.
///
/// - `bytes`: `count` little-endian elements, without an alignment.
/// - `format`: a `winit_format`.
void winit_statistics_read(
    enum winit_kernel kernel, const void *bytes, size_t count, unsigned format, double *values);

/// Scans at least one value.
struct winit_scan winit_statistics_scan(enum winit_kernel kernel, const double *values, size_t count);

/// Computes the sums of the powers 1 to 4 of the deviations of values from a center.
void winit_statistics_powers(
    enum winit_kernel kernel, const double *values, size_t count, double center, double sums[4]);

/// Counts finite values by intervals.
///
/// - `counts`: `intervals->capacity` counts, to which the function adds.
void winit_statistics_count(
    enum winit_kernel kernel, const double *values, size_t count, const struct winit_intervals *intervals,
    int64_t *counts);

/// Adds the terms of values to the hashes of their units.
///
/// - `sides`: one or two.
/// - `is_wide`: 0 if binary32 holds every value, so that the bits of a value are 32; otherwise they are 64.
void winit_statistics_hash(
    enum winit_kernel kernel, const double *values, size_t count, const struct winit_hash_side *sides,
    size_t side_count, int is_wide);

#endif
