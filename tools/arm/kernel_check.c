// Runs the kernel of 64-bit Arm as a program of its own. The tests compare its output with the scalar definition.
//
//   kernel_check OUT fill LAW FORMAT SEED STREAM FIRST_BLOCK BLOCKS HALF MID LOW HIGH MEAN STD ALPHA BETA
//   kernel_check OUT draws LAW FIRST COUNT
//   kernel_check OUT update SEED ROWS COUNT SUBTRACT
//
// Numbers are decimal; floats and doubles are given by the decimal value of their bits. The program writes the elements
// to OUT and prints the number of blocks, draws or elements.

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

static double number(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(int32_t)(*state >> 32) / 7;
}

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  FILE *file = fopen(argv[1], "wb");
  if (!file) return 74;
  size_t done, size;
  void *out;
  if (strcmp(argv[2], "fill") == 0 && argc == 17) {
    static const size_t sizes[] = {4, 8, 2, 2};
    struct winit_recipe recipe = {
        .law = (enum winit_law)atoi(argv[3]), .format = (enum winit_format)atoi(argv[4]),
        .seed = strtoull(argv[5], NULL, 10), .stream = strtoull(argv[6], NULL, 10),
        .half = bits32(argv[9]), .mid = bits32(argv[10]), .low = bits32(argv[11]), .high = bits32(argv[12]),
        .mean = bits32(argv[13]), .std = bits32(argv[14]), .alpha = bits64(argv[15]), .beta = bits64(argv[16])};
    size_t blocks = strtoull(argv[8], NULL, 10);
    size = 4 * sizes[recipe.format];
    if (!(out = malloc(blocks * size))) return 74;
    done = winit_fill_neon(&recipe, strtoull(argv[7], NULL, 10), blocks, out);
  } else if (strcmp(argv[2], "draws") == 0 && argc == 6) {
    size_t count = strtoull(argv[5], NULL, 10);
    size = sizeof(float);
    if (!(out = malloc(count * size))) return 74;
    done = winit_draws_neon((enum winit_law)atoi(argv[3]), (uint32_t)strtoull(argv[4], NULL, 10), count, out);
  } else if (strcmp(argv[2], "update") == 0 && argc == 7) {
    // C, A (rows × count) and B are integers divided by 7, from the linear congruential generator that the tests use.
    uint64_t state = strtoull(argv[3], NULL, 10);
    size_t rows = strtoull(argv[4], NULL, 10), count = strtoull(argv[5], NULL, 10);
    double *c = malloc(rows * 16 * sizeof *c), *a = malloc(rows * count * sizeof *a), *b = malloc(count * 16 * sizeof *b);
    if (!c || !a || !b) return 74;
    for (size_t i = 0; i < rows * 16; i++) c[i] = number(&state);
    for (size_t i = 0; i < rows * count; i++) a[i] = number(&state);
    for (size_t i = 0; i < count * 16; i++) b[i] = number(&state);
    winit_update_neon(c, 16, a, count, 1, b, 16, rows, count, atoi(argv[6]));
    out = c;
    done = rows * 16;
    size = sizeof *c;
  } else {
    return 64;
  }
  if (fwrite(out, size, done, file) != done || fclose(file) != 0) return 74;
  printf("%zu\n", done);
  return 0;
}
