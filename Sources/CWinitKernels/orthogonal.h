// One block of reflections of the orthogonal law at one vector width (docs/law.md, "Orthogonal"). kernels.c includes
// this file after update.h, once for each instruction set. Every sum runs over ascending indices; only columns are
// computed side by side.

#define BLOCK WINIT_ORTHOGONAL_BLOCK
#define PANEL WINIT_ORTHOGONAL_PANEL
#define PANELS (BLOCK / PANEL)
#define ROW NAME(row)
#define MASK NAME(mask)
typedef int64_t MASK __attribute__((vector_size(128)));

// Reflects the columns of a block to the right of column j: w = τ (vᵀ C), C −= v w. The panel that holds column j + 1
// is `panel`; its columns up to j keep their bits.
static inline __attribute__((always_inline)) void NAME(reflect_panels)(
    double *v, size_t j, size_t rows, double tau, const int panel) {
  ROW sums[PANELS];
#pragma clang loop unroll(full)
  for (int p = panel; p < PANELS; p++) sums[p] = (ROW){0};
  for (size_t row = j; row < rows; row++) {
    const double factor = v[row * BLOCK + j];
#pragma clang loop unroll(full)
    for (int p = panel; p < PANELS; p++) {
      ROW c;
      memcpy(&c, v + row * BLOCK + p * PANEL, sizeof c);
      sums[p] = sums[p] + c * factor;
    }
  }
  MASK later;
  for (int i = 0; i < PANEL; i++) later[i] = (size_t)(panel * PANEL + i) > j ? -1 : 0;
#pragma clang loop unroll(full)
  for (int p = panel; p < PANELS; p++) sums[p] = sums[p] * tau;
  for (size_t row = j; row < rows; row++) {
    const double factor = v[row * BLOCK + j];
#pragma clang loop unroll(full)
    for (int p = panel; p < PANELS; p++) {
      ROW c;
      memcpy(&c, v + row * BLOCK + p * PANEL, sizeof c);
      ROW changed = c - sums[p] * factor;
      if (p == panel) changed = (ROW)((later & (MASK)changed) | (~later & (MASK)c));
      memcpy(v + row * BLOCK + p * PANEL, &changed, sizeof changed);
    }
  }
}

static __attribute__((noinline)) ALIGNED_STACK void NAME(reflect_rest)(double *v, size_t j, size_t rows, double tau) {
  switch ((j + 1) / PANEL) {
    case 0: NAME(reflect_panels)(v, j, rows, tau, 0); break;
    case 1: NAME(reflect_panels)(v, j, rows, tau, 1); break;
    case 2: NAME(reflect_panels)(v, j, rows, tau, 2); break;
    case 3: NAME(reflect_panels)(v, j, rows, tau, 3); break;
  }
}

// T of a block: T[j][j] = τⱼ, and the column above it is −τⱼ T (Vᵀ vⱼ).
static __attribute__((noinline)) void NAME(triangle)(const double *v, size_t rows, const double *taus, double *t) {
  double products[BLOCK * BLOCK];
  memset(products, 0, sizeof products);
  for (int p = 0; p < PANELS; p++)
    NAME(update_any)(products + p * PANEL, BLOCK, v, 1, BLOCK, v + p * PANEL, BLOCK, BLOCK, rows, 0);
  memset(t, 0, BLOCK * BLOCK * sizeof *t);
  for (int j = 0; j < BLOCK; j++) {
    t[j * BLOCK + j] = taus[j];
    for (int i = 0; i < j; i++) {
      double sum = 0;
      for (int k = i; k < j; k++) sum += t[i * BLOCK + k] * products[k * BLOCK + j];
      t[i * BLOCK + j] = -taus[j] * sum;
    }
  }
}

// Copies the columns of a block to V. Columns beyond the width of the matrix are zeros.
static __attribute__((noinline)) void NAME(reflect_begin)(
    const double *matrix, size_t height, size_t first, double *v) {
  for (size_t p = 0; p < PANELS; p++)
    for (size_t row = 0; row < height - first; row++)
      memcpy(v + row * BLOCK + p * PANEL, matrix + ((first / PANEL + p) * height + first + row) * PANEL, 8 * PANEL);
}

// Computes column j of V and its τ, and reflects the columns to its right. Returns the sign of the diagonal element of
// R.
static __attribute__((noinline)) double NAME(reflect_column)(double *v, size_t rows, size_t j, double *tau) {
  const double alpha = v[j * BLOCK + j];
  double squares = 0, beta = alpha;
  *tau = 0;
  for (size_t row = j + 1; row < rows; row++) squares += v[row * BLOCK + j] * v[row * BLOCK + j];
  if (squares > 0) {
    const double norm = arithmetic_sqrt(alpha * alpha + squares);
    beta = alpha > 0 ? -norm : norm;
    *tau = (beta - alpha) / beta;
    const double divisor = alpha - beta;
    for (size_t row = j + 1; row < rows; row++) v[row * BLOCK + j] /= divisor;
  }
  v[j * BLOCK + j] = 1;
  if (*tau != 0) NAME(reflect_rest)(v, j, rows, *tau);
  return beta < 0 ? -1 : 1;
}

// Clears the elements of V above the diagonal, which are those of R, and computes T.
static __attribute__((noinline)) void NAME(reflect_end)(double *v, size_t rows, const double *taus, double *t) {
  for (size_t row = 0; row < rows && row < BLOCK; row++)
    for (size_t column = row + 1; column < BLOCK; column++) v[row * BLOCK + column] = 0;
  NAME(triangle)(v, rows, taus, t);
}

// Four panels share a strip of V, which stays in the second-level cache. With AVX-512, one pass over a strip of a panel
// computes eight rows of W, so the strip may be larger than the first-level cache. Narrower vectors compute one or two
// rows in a pass, so a strip has 128 rows (16 KiB), which fit.
static __attribute__((noinline)) void NAME(apply_any)(
    double *matrix, size_t height, size_t first, const double *v, const double *t, int transposed, size_t panel,
    size_t panels, double *scratch) {
  const size_t rows = height - first, strip = WIDTH == 64 ? 256 : 128;
  for (; panels > 0; panel += PANELS) {
    const size_t mine = panels < PANELS ? panels : PANELS;
    double *turned = scratch + PANELS * BLOCK * PANEL;
    memset(scratch, 0, WINIT_ORTHOGONAL_SCRATCH * sizeof *scratch);
    for (size_t start = 0; start < rows; start += strip) {
      const size_t count = rows - start < strip ? rows - start : strip;
      for (size_t p = 0; p < mine; p++)
        NAME(update_any)(
            scratch + p * BLOCK * PANEL, PANEL, v + start * BLOCK, 1, BLOCK,
            matrix + ((panel + p) * height + first + start) * PANEL, PANEL, BLOCK, count, 0);
    }
    for (size_t p = 0; p < mine; p++)
      NAME(update_any)(
          turned + p * BLOCK * PANEL, PANEL, t, transposed ? 1 : BLOCK, transposed ? BLOCK : 1,
          scratch + p * BLOCK * PANEL, PANEL, BLOCK, BLOCK, 0);
    for (size_t start = 0; start < rows; start += strip) {
      const size_t count = rows - start < strip ? rows - start : strip;
      for (size_t p = 0; p < mine; p++)
        NAME(update_any)(
            matrix + ((panel + p) * height + first + start) * PANEL, PANEL, v + start * BLOCK, BLOCK, 1,
            turned + p * BLOCK * PANEL, PANEL, count, BLOCK, 1);
    }
    panels -= mine;
  }
}

#undef BLOCK
#undef PANEL
#undef PANELS
#undef ROW
#undef MASK
