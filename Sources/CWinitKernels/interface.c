// The functions of winit_kernels.h: they check their arguments, choose a kernel and enter the law's mode.

#include "arithmetic.h"
#include "functions.h"

uint32_t winit_kernels_version(void) { return WINIT_KERNELS_VERSION; }

size_t winit_kernels_layout(size_t *numbers, size_t capacity) {
#define OFFSET(member) offsetof(struct winit_recipe, member)
  const size_t all[] = {
      sizeof(struct winit_recipe), OFFSET(seed), OFFSET(stream), OFFSET(law), OFFSET(format), OFFSET(half),
      OFFSET(mid), OFFSET(low), OFFSET(high), OFFSET(mean), OFFSET(std), OFFSET(alpha), OFFSET(beta), WINIT_MAX_RANK,
      WINIT_ORTHOGONAL_BLOCK, WINIT_ORTHOGONAL_PANEL, WINIT_ORTHOGONAL_SCRATCH};
  const size_t count = sizeof all / sizeof *all;
  for (size_t i = 0; i < count && i < capacity; i++) numbers[i] = all[i];
  return count;
}

enum winit_kernel winit_kernel_best(void) { return winit_functions_of(WINIT_KERNEL_BEST)->kernel; }

int winit_kernel_is_available(enum winit_kernel kernel) { return winit_functions_of(kernel) != NULL; }

const char *winit_kernel_name(enum winit_kernel kernel) {
  switch ((int)kernel) {
    case WINIT_KERNEL_BEST: return winit_kernel_name(winit_kernel_best());
    case WINIT_KERNEL_SSE2: return "sse2";
    case WINIT_KERNEL_AVX2: return "avx2";
    case WINIT_KERNEL_AVX512: return "avx512";
    case WINIT_KERNEL_NEON: return "neon";
  }
  return NULL;
}

enum winit_status winit_fill(
    enum winit_kernel kernel, const struct winit_recipe *recipe, uint64_t start, uint64_t count, void *out) {
  const struct winit_functions *functions = winit_functions_of(kernel);
  if (!functions) return WINIT_NO_KERNEL;
  if (item_size(recipe->law, recipe->format) == 0) return WINIT_BAD_ARGUMENT;
  if (count > 0 && start > UINT64_MAX - (count - 1)) return WINIT_BAD_ARGUMENT;
  const uint64_t mode = arithmetic_enter();
  functions->fill_range(recipe, start, count, out);
  arithmetic_leave(mode);
  return WINIT_OK;
}

enum winit_status winit_update(
    enum winit_kernel kernel, double *c, size_t c_row, const double *a, size_t a_row, size_t a_k, const double *b,
    size_t b_row, size_t rows, size_t count, int subtract) {
  const struct winit_functions *functions = winit_functions_of(kernel);
  if (!functions) return WINIT_NO_KERNEL;
  const uint64_t mode = arithmetic_enter();
  functions->update(c, c_row, a, a_row, a_k, b, b_row, rows, count, subtract);
  arithmetic_leave(mode);
  return WINIT_OK;
}

enum winit_status winit_orthogonal_reflect(
    enum winit_kernel kernel, const double *matrix, size_t height, size_t width, size_t first, double *v, double *t,
    double *signs) {
  const struct winit_functions *functions = winit_functions_of(kernel);
  if (!functions) return WINIT_NO_KERNEL;
  if (height < width || first >= width || first % WINIT_ORTHOGONAL_BLOCK != 0) return WINIT_BAD_ARGUMENT;
  const size_t rows = height - first;
  const size_t columns = width - first < WINIT_ORTHOGONAL_BLOCK ? width - first : WINIT_ORTHOGONAL_BLOCK;
  double taus[WINIT_ORTHOGONAL_BLOCK] = {0};
  const uint64_t mode = arithmetic_enter();
  functions->reflect_begin(matrix, height, first, v);
  for (size_t j = 0; j < WINIT_ORTHOGONAL_BLOCK; j++)
    signs[j] = j < columns ? functions->reflect_column(v, rows, j, taus + j) : 1;
  functions->reflect_end(v, rows, taus, t);
  arithmetic_leave(mode);
  return WINIT_OK;
}

void winit_reflect_begin(enum winit_kernel kernel, const double *matrix, size_t height, size_t first, double *v) {
  winit_functions_of(kernel)->reflect_begin(matrix, height, first, v);
}

double winit_reflect_column(enum winit_kernel kernel, double *v, size_t rows, size_t j, double *tau) {
  const uint64_t mode = arithmetic_enter();
  const double sign = winit_functions_of(kernel)->reflect_column(v, rows, j, tau);
  arithmetic_leave(mode);
  return sign;
}

void winit_reflect_end(enum winit_kernel kernel, double *v, size_t rows, const double *taus, double *t) {
  const uint64_t mode = arithmetic_enter();
  winit_functions_of(kernel)->reflect_end(v, rows, taus, t);
  arithmetic_leave(mode);
}

enum winit_status winit_orthogonal_apply(
    enum winit_kernel kernel, double *matrix, size_t height, size_t first, const double *v, const double *t,
    int transposed, size_t panel, size_t panels, double *scratch) {
  const struct winit_functions *functions = winit_functions_of(kernel);
  if (!functions) return WINIT_NO_KERNEL;
  if (first >= height) return WINIT_BAD_ARGUMENT;
  const uint64_t mode = arithmetic_enter();
  functions->apply(matrix, height, first, v, t, transposed, panel, panels, scratch);
  arithmetic_leave(mode);
  return WINIT_OK;
}

uint64_t winit_arithmetic_enter(void) { return arithmetic_enter(); }

void winit_arithmetic_leave(uint64_t mode) { arithmetic_leave(mode); }
