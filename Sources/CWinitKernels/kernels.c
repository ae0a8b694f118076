// Compiles kernel.h, update.h, orthogonal.h and statistics.h once for each instruction set, and lists the functions of
// each.

#include "arithmetic.h"
#include "functions.h"
#include "processor.h"
#include "stack.h"

#include <string.h>

// A fused multiply-add rounds once where the law rounds twice, and GCC fuses in spite of the pragma that forbids it.
#if !defined(__clang__)
#error "compile this with clang: other compilers may fuse a multiplication and an addition"
#endif
#pragma STDC FP_CONTRACT OFF
// The warning says that functions pass vectors wider than the processor's in no standard way. Here every such function
// is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(a) JOIN(a, SUFFIX)

#if defined(__x86_64__)

#define SUFFIX sse2
#define WIDTH 16
#include "kernel.h"
#include "update.h"
#include "orthogonal.h"
#include "statistics.h"
#undef SUFFIX
#undef WIDTH

#pragma clang attribute push(__attribute__((target("avx2,f16c"))), apply_to = function)
#define SUFFIX avx2
#define WIDTH 32
#include "kernel.h"
#include "update.h"
#include "orthogonal.h"
#include "statistics.h"
#undef SUFFIX
#undef WIDTH
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#define SUFFIX avx512
#define WIDTH 64
#include "kernel.h"
#include "update.h"
#include "orthogonal.h"
#include "statistics.h"
#undef SUFFIX
#undef WIDTH
#pragma clang attribute pop

#elif defined(__aarch64__)

#include <arm_neon.h>

#define SUFFIX neon
#define WIDTH 16
#include "kernel.h"
#include "update.h"
#include "orthogonal.h"
#include "statistics.h"
#undef SUFFIX
#undef WIDTH

#endif

#define FUNCTIONS(kernel, suffix)                                                                              \
  {kernel,                                                                                                     \
   fill_range_##suffix,                                                                                        \
   update_any_##suffix,                                                                                        \
   reflect_begin_##suffix,                                                                                     \
   reflect_column_##suffix,                                                                                    \
   reflect_end_##suffix,                                                                                       \
   apply_any_##suffix,                                                                                         \
   {read_values_##suffix, scan_values_##suffix, sum_powers_##suffix, count_values_##suffix, hash_values_##suffix}}

const struct winit_functions *winit_functions_of(enum winit_kernel kernel) {
#if defined(__x86_64__)
  static const struct winit_functions sse2 = FUNCTIONS(WINIT_KERNEL_SSE2, sse2),
                                      avx2 = FUNCTIONS(WINIT_KERNEL_AVX2, avx2),
                                      avx512 = FUNCTIONS(WINIT_KERNEL_AVX512, avx512);
  const uint32_t has = processor();
  switch ((int)kernel) {
    case WINIT_KERNEL_BEST: return has & PROCESSOR_AVX512 ? &avx512 : has & PROCESSOR_AVX2 ? &avx2 : &sse2;
    case WINIT_KERNEL_SSE2: return &sse2;
    case WINIT_KERNEL_AVX2: return has & PROCESSOR_AVX2 ? &avx2 : NULL;
    case WINIT_KERNEL_AVX512: return has & PROCESSOR_AVX512 ? &avx512 : NULL;
  }
#elif defined(__aarch64__)
  static const struct winit_functions neon = FUNCTIONS(WINIT_KERNEL_NEON, neon);
  if (kernel == WINIT_KERNEL_BEST || kernel == WINIT_KERNEL_NEON) return &neon;
#endif
  return NULL;
}
