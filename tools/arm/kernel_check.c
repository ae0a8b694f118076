// Runs the kernel of 64-bit Arm as a program of its own. The tests compare its output with the scalar definition.
//
//   kernel_check OUT fill LAW FORMAT SEED STREAM START COUNT HALF MID LOW HIGH MEAN STD ALPHA BETA
//   kernel_check OUT box SEED STREAM ROWS COLUMNS ROW COLUMN HEIGHT WIDTH
//   kernel_check OUT draws LAW FIRST COUNT
//   kernel_check OUT orthogonal SEED STREAM HEIGHT WIDTH
//   kernel_check OUT sha256 LENGTH…
//   kernel_check OUT update SEED ROWS COUNT SUBTRACT
//
// Numbers are decimal; floats and doubles are given by the decimal value of their bits. The program writes the elements
// to OUT and prints their number. A box is normal, float32, and written transposed. An orthogonal matrix is Q in
// binary64, row-major, each column times its sign. Byte i of message m is 7 i + m, modulo 256.

#include <CWinitKernels.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float bits32(const char *text) {
  uint32_t bits = (uint32_t)strtoull(text, NULL, 10);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static double bits64(const char *text) {
  uint64_t bits = strtoull(text, NULL, 10);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t number(const char *text) { return strtoull(text, NULL, 10); }

static double random_number(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(int32_t)(*state >> 32) / 7;
}

/// Memory that the program uses until its end.
static void *memory(size_t size) {
  void *result = calloc(size + 1, 1);
  if (!result) exit(74);
  return result;
}

static void check(enum winit_status status) {
  if (status != WINIT_OK) exit(70);
}

struct result {
  void *out;
  size_t count, size;
};

static struct result fill(char **a) {
  static const size_t sizes[] = {4, 8, 2, 2};
  struct winit_recipe recipe = {
      .law = (enum winit_law)atoi(a[0]), .format = (enum winit_format)atoi(a[1]), .seed = number(a[2]),
      .stream = number(a[3]), .half = bits32(a[6]), .mid = bits32(a[7]), .low = bits32(a[8]), .high = bits32(a[9]),
      .mean = bits32(a[10]), .std = bits32(a[11]), .alpha = bits64(a[12]), .beta = bits64(a[13])};
  struct result r = {NULL, number(a[5]), sizes[recipe.format]};
  r.out = memory(r.count * r.size);
  check(winit_fill(WINIT_KERNEL_NEON, &recipe, number(a[4]), r.count, r.out));
  return r;
}

static struct result box(char **a) {
  struct winit_recipe recipe = {.law = WINIT_NORMAL, .seed = number(a[0]), .stream = number(a[1]), .std = 1};
  const uint64_t shape[] = {number(a[2]), number(a[3])}, offset[] = {number(a[4]), number(a[5])};
  const uint64_t size[] = {number(a[6]), number(a[7])};
  const int64_t strides[] = {4, 4 * (int64_t)size[0]};
  struct result r = {memory(4 * size[0] * size[1]), size[0] * size[1], 4};
  check(winit_fill_box(WINIT_KERNEL_NEON, &recipe, 2, shape, offset, size, strides, 0, r.out));
  return r;
}

static struct result draws(char **a) {
  struct result r = {NULL, number(a[2]), sizeof(float)};
  r.out = memory(r.count * r.size);
  r.count = winit_draws_neon((enum winit_law)atoi(a[0]), (uint32_t)number(a[1]), r.count, r.out);
  return r;
}

static struct result orthogonal(char **a) {
  enum { BLOCK = WINIT_ORTHOGONAL_BLOCK, PANEL = WINIT_ORTHOGONAL_PANEL };
  struct winit_recipe recipe = {.law = WINIT_NORMAL, .seed = number(a[0]), .stream = number(a[1]), .std = 1};
  const size_t height = number(a[2]), width = number(a[3]), blocks = (width + BLOCK - 1) / BLOCK;
  const size_t panels = blocks * (BLOCK / PANEL);
  float *values = memory(4 * height * width);
  check(winit_fill(WINIT_KERNEL_NEON, &recipe, 0, height * width, values));
  double *matrix = memory(8 * panels * height * PANEL), *q = memory(8 * height * width);
#define AT(row, column) matrix[((column) / PANEL * height + (row)) * PANEL + (column) % PANEL]
  for (size_t row = 0; row < height; row++)
    for (size_t column = 0; column < width; column++) AT(row, column) = values[row * width + column];
  double *v = memory(8 * blocks * height * BLOCK), *t = memory(8 * blocks * BLOCK * BLOCK);
  double *signs = memory(8 * blocks * BLOCK), *scratch = memory(8 * WINIT_ORTHOGONAL_SCRATCH);
  for (size_t block = 0; block < blocks; block++) {
    const size_t first = block * BLOCK, next = (block + 1) * (BLOCK / PANEL);
    double *own_v = v + block * height * BLOCK, *own_t = t + block * BLOCK * BLOCK;
    check(winit_orthogonal_reflect(
        WINIT_KERNEL_NEON, matrix, height, width, first, own_v, own_t, signs + first));
    check(winit_orthogonal_apply(
        WINIT_KERNEL_NEON, matrix, height, first, own_v, own_t, 1, next, panels - next, scratch));
  }
  memset(matrix, 0, 8 * panels * height * PANEL);
  for (size_t i = 0; i < width; i++) AT(i, i) = 1;
  for (size_t block = blocks; block-- > 0;) {
    const size_t panel = block * (BLOCK / PANEL);
    check(winit_orthogonal_apply(
        WINIT_KERNEL_NEON, matrix, height, block * BLOCK, v + block * height * BLOCK, t + block * BLOCK * BLOCK, 0,
        panel, panels - panel, scratch));
  }
  for (size_t row = 0; row < height; row++)
    for (size_t column = 0; column < width; column++) q[row * width + column] = signs[column] * AT(row, column);
  return (struct result){q, height * width, 8};
}

static struct result sha256(int count, char **a) {
  void **messages = memory(sizeof(void *) * (size_t)count);
  uint64_t *lengths = memory(8 * (size_t)count);
  struct result r = {memory(32 * (size_t)count), (size_t)count, 32};
  for (int m = 0; m < count; m++) {
    lengths[m] = number(a[m]);
    unsigned char *bytes = messages[m] = memory(lengths[m]);
    for (uint64_t i = 0; i < lengths[m]; i++) bytes[i] = (unsigned char)(7 * i + (unsigned)m);
  }
  check(winit_sha256(WINIT_KERNEL_NEON, (size_t)count, (const void *const *)messages, lengths, r.out));
  return r;
}

// C, A (rows × count) and B are integers divided by 7, from the linear congruential generator that the tests use.
static struct result update(char **a) {
  uint64_t state = number(a[0]);
  const size_t rows = number(a[1]), count = number(a[2]);
  double *c = memory(rows * 16 * sizeof *c), *left = memory(rows * count * sizeof *left);
  double *right = memory(count * 16 * sizeof *right);
  for (size_t i = 0; i < rows * 16; i++) c[i] = random_number(&state);
  for (size_t i = 0; i < rows * count; i++) left[i] = random_number(&state);
  for (size_t i = 0; i < count * 16; i++) right[i] = random_number(&state);
  check(winit_update(WINIT_KERNEL_NEON, c, 16, left, count, 1, right, 16, rows, count, atoi(a[3])));
  return (struct result){c, rows * 16, sizeof *c};
}

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  struct result r;
  char **rest = argv + 3;
  if (strcmp(argv[2], "fill") == 0 && argc == 17) r = fill(rest);
  else if (strcmp(argv[2], "box") == 0 && argc == 11) r = box(rest);
  else if (strcmp(argv[2], "draws") == 0 && argc == 6) r = draws(rest);
  else if (strcmp(argv[2], "orthogonal") == 0 && argc == 7) r = orthogonal(rest);
  else if (strcmp(argv[2], "sha256") == 0) r = sha256(argc - 3, rest);
  else if (strcmp(argv[2], "update") == 0 && argc == 7) r = update(rest);
  else return 64;
  FILE *file = fopen(argv[1], "wb");
  if (!file) return 74;
  if (fwrite(r.out, r.size, r.count, file) != r.count || fclose(file) != 0) return 74;
  printf("%zu\n", r.count);
  return 0;
}
