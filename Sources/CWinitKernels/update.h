// The inner loop of the orthogonal law at one vector width. kernels.c includes this file once for each instruction set.

// The number of rows of C that are updated at once: as many as the processor has registers for.
#define ROWS (WIDTH == 64 ? 8 : WIDTH == 32 ? 2 : 1)
#define ROW NAME(row)
typedef double ROW __attribute__((vector_size(128)));

// C[i] ±= Σₖ a(i, k) × B[k] for `height` rows. Every element has its own sum in the order of k, so the bits do not
// depend on the width.
static inline __attribute__((always_inline)) void NAME(update_rows)(
    double *c, size_t c_row, const double *a, size_t a_row, size_t a_k, const double *b, size_t b_row, const int height,
    size_t count, const int subtract) {
  ROW sums[ROWS];
#pragma clang loop unroll(full)
  for (int i = 0; i < height; i++) memcpy(&sums[i], c + i * c_row, sizeof sums[i]);
  for (size_t k = 0; k < count; k++) {
    ROW row;
    memcpy(&row, b + k * b_row, sizeof row);
#pragma clang loop unroll(full)
    for (int i = 0; i < height; i++) {
      ROW product = row * a[i * a_row + k * a_k];
      sums[i] = subtract ? sums[i] - product : sums[i] + product;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < height; i++) memcpy(c + i * c_row, &sums[i], sizeof sums[i]);
}

static __attribute__((noinline)) void NAME(update_any)(
    double *c, size_t c_row, const double *a, size_t a_row, size_t a_k, const double *b, size_t b_row, size_t rows,
    size_t count, int subtract) {
  size_t i = 0;
  for (; i + ROWS <= rows; i += ROWS) {
    if (subtract) NAME(update_rows)(c + i * c_row, c_row, a + i * a_row, a_row, a_k, b, b_row, ROWS, count, 1);
    else NAME(update_rows)(c + i * c_row, c_row, a + i * a_row, a_row, a_k, b, b_row, ROWS, count, 0);
  }
  for (; i < rows; i++) {
    if (subtract) NAME(update_rows)(c + i * c_row, c_row, a + i * a_row, a_row, a_k, b, b_row, 1, count, 1);
    else NAME(update_rows)(c + i * c_row, c_row, a + i * a_row, a_row, a_k, b, b_row, 1, count, 0);
  }
}

#undef ROWS
#undef ROW
