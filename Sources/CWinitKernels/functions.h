// The functions of one kernel. They are called in the floating-point mode of the law.

#ifndef WINIT_FUNCTIONS_H
#define WINIT_FUNCTIONS_H

#include "CWinitKernels.h"
#include "winit_statistics.h"

struct winit_statistics_functions {
  void (*read)(const char *bytes, size_t count, unsigned format, double *values);
  struct winit_scan (*scan)(const double *values, size_t count);
  void (*powers)(const double *values, size_t count, double center, double sums[4]);
  void (*count)(const double *values, size_t count, const struct winit_intervals *intervals, int64_t *counts);
  void (*hash)(
      const double *values, size_t count, const struct winit_hash_side *sides, size_t side_count, int is_wide);
};

struct winit_functions {
  enum winit_kernel kernel;
  void (*fill_range)(const struct winit_recipe *recipe, uint64_t start, uint64_t count, char *out);
  void (*update)(
      double *c, size_t c_row, const double *a, size_t a_row, size_t a_k, const double *b, size_t b_row, size_t rows,
      size_t count, int subtract);
  void (*reflect_begin)(const double *matrix, size_t height, size_t first, double *v);
  double (*reflect_column)(double *v, size_t rows, size_t j, double *tau);
  void (*reflect_end)(double *v, size_t rows, const double *taus, double *t);
  void (*apply)(
      double *matrix, size_t height, size_t first, const double *v, const double *t, int transposed, size_t panel,
      size_t panels, double *scratch);
  struct winit_statistics_functions statistics;
};

/// Returns the functions of a kernel, or NULL if there is no such kernel or this processor cannot run it.
const struct winit_functions *winit_functions_of(enum winit_kernel kernel);

/// The size of an element in bytes, or 0 if the law or the format is unknown.
static inline size_t item_size(unsigned law, unsigned format) {
  if (law == WINIT_WORDS) return 4;
  if (law > WINIT_WORDS) return 0;
  switch (format) {
    case WINIT_FLOAT32: return 4;
    case WINIT_FLOAT64: return 8;
    case WINIT_FLOAT16:
    case WINIT_BFLOAT16: return 2;
  }
  return 0;
}

#endif
