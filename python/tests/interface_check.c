/* A program in C that knows the kernels by their header alone. python/tests/test_kernels.py compiles and runs it:
   interface_check fill KERNEL LAW FORMAT SEED STREAM START COUNT HALF MID LOW HIGH MEAN STD ALPHA BETA
   interface_check sha256 KERNEL LENGTH…    of messages whose byte i is 7 i + message
   interface_check layout
   Floats are given by their bits in decimal. Results go to standard output. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winit_kernels.h>

#ifdef __cplusplus
#define CHECK static_assert
#else
#define CHECK _Static_assert
#endif

CHECK(sizeof(enum winit_status) == 4, "winit_status");
CHECK(sizeof(enum winit_kernel) == 4, "winit_kernel");
CHECK(sizeof(enum winit_law) == 4, "winit_law");
CHECK(sizeof(enum winit_format) == 4, "winit_format");
CHECK(sizeof(struct winit_recipe) == 64, "winit_recipe");
CHECK(offsetof(struct winit_recipe, seed) == 0, "seed");
CHECK(offsetof(struct winit_recipe, stream) == 8, "stream");
CHECK(offsetof(struct winit_recipe, law) == 16, "law");
CHECK(offsetof(struct winit_recipe, format) == 20, "format");
CHECK(offsetof(struct winit_recipe, half) == 24, "half");
CHECK(offsetof(struct winit_recipe, mid) == 28, "mid");
CHECK(offsetof(struct winit_recipe, low) == 32, "low");
CHECK(offsetof(struct winit_recipe, high) == 36, "high");
CHECK(offsetof(struct winit_recipe, mean) == 40, "mean");
CHECK(offsetof(struct winit_recipe, std) == 44, "std");
CHECK(offsetof(struct winit_recipe, alpha) == 48, "alpha");
CHECK(offsetof(struct winit_recipe, beta) == 56, "beta");
CHECK(WINIT_UNIFORM == 0 && WINIT_NORMAL == 1 && WINIT_TRUNCATED_NORMAL == 2 && WINIT_WORDS == 3, "laws");
CHECK(WINIT_FLOAT32 == 0 && WINIT_FLOAT64 == 1 && WINIT_FLOAT16 == 2 && WINIT_BFLOAT16 == 3, "formats");
CHECK(WINIT_KERNEL_BEST == 0 && WINIT_KERNEL_SSE2 == 1 && WINIT_KERNEL_AVX2 == 2, "kernels");
CHECK(WINIT_KERNEL_AVX512 == 3 && WINIT_KERNEL_NEON == 4, "kernels");
CHECK(WINIT_OK == 0 && WINIT_BAD_ARGUMENT == 1 && WINIT_NO_KERNEL == 2, "statuses");
CHECK(WINIT_KERNELS_VERSION == 0x10000, "version");

static float float_of(const char *text) {
  uint32_t bits = (uint32_t)strtoull(text, NULL, 10);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static double double_of(const char *text) {
  uint64_t bits = strtoull(text, NULL, 10);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int fill(char **a) {
  static const size_t sizes[] = {4, 8, 2, 2};
  struct winit_recipe r;
  memset(&r, 0, sizeof r);
  r.law = (enum winit_law)atoi(a[1]);
  r.format = (enum winit_format)atoi(a[2]);
  r.seed = strtoull(a[3], NULL, 10);
  r.stream = strtoull(a[4], NULL, 10);
  r.half = float_of(a[7]);
  r.mid = float_of(a[8]);
  r.low = float_of(a[9]);
  r.high = float_of(a[10]);
  r.mean = float_of(a[11]);
  r.std = float_of(a[12]);
  r.alpha = double_of(a[13]);
  r.beta = double_of(a[14]);
  const uint64_t start = strtoull(a[5], NULL, 10), count = strtoull(a[6], NULL, 10);
  char *out = (char *)malloc(count * sizes[r.format] + 1);
  if (!out) return 74;
  out[count * sizes[r.format]] = 'x';
  const enum winit_status status = winit_fill((enum winit_kernel)atoi(a[0]), &r, start, count, out);
  if (status != WINIT_OK) return 10 + (int)status;
  if (out[count * sizes[r.format]] != 'x') return 20;
  return fwrite(out, sizes[r.format], count, stdout) == count ? 0 : 74;
}

static int sha256(int count, char **a) {
  enum { MOST = 100 };
  void *messages[MOST];
  uint64_t lengths[MOST];
  unsigned char digests[32 * MOST];
  if (--count > MOST) return 64;
  for (int m = 0; m < count; m++) {
    lengths[m] = strtoull(a[1 + m], NULL, 10);
    unsigned char *bytes = (unsigned char *)malloc(lengths[m] + 1);
    if (!bytes) return 74;
    for (uint64_t i = 0; i < lengths[m]; i++) bytes[i] = (unsigned char)(7 * i + (unsigned)m);
    messages[m] = bytes;
  }
  const enum winit_status status = winit_sha256(
      (enum winit_kernel)atoi(a[0]), (size_t)count, (const void *const *)messages, lengths, digests);
  if (status != WINIT_OK) return 10 + (int)status;
  return fwrite(digests, 32, (size_t)count, stdout) == (size_t)count ? 0 : 74;
}

int main(int argc, char **argv) {
  if (winit_kernels_version() != WINIT_KERNELS_VERSION) return 1;
  if (argc == 17 && strcmp(argv[1], "fill") == 0) return fill(argv + 2);
  if (argc >= 3 && strcmp(argv[1], "sha256") == 0) return sha256(argc - 2, argv + 2);
  if (argc == 2 && strcmp(argv[1], "layout") == 0) {
    size_t numbers[64];
    const size_t count = winit_kernels_layout(numbers, 64);
    for (size_t i = 0; i < count; i++) printf("%zu ", numbers[i]);
    return 0;
  }
  return 64;
}
