// Compiles kernel.h and update.h once for each instruction set.

#include "CWinitKernels.h"

#include "arithmetic.h"

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

uint64_t winit_arithmetic_enter(void) { return arithmetic_enter(); }

void winit_arithmetic_leave(uint64_t mode) { arithmetic_leave(mode); }

#if defined(__x86_64__)

#define SUFFIX sse2
#define WIDTH 16
#include "kernel.h"
#include "update.h"
#undef SUFFIX
#undef WIDTH

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define SUFFIX avx2
#define WIDTH 32
#include "kernel.h"
#include "update.h"
#undef SUFFIX
#undef WIDTH
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#define SUFFIX avx512
#define WIDTH 64
#include "kernel.h"
#include "update.h"
#undef SUFFIX
#undef WIDTH
#pragma clang attribute pop

int winit_has_avx2(void) { return __builtin_cpu_supports("avx2"); }

int winit_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}

#elif defined(__aarch64__)

#define SUFFIX neon
#define WIDTH 16
#include "kernel.h"
#include "update.h"
#undef SUFFIX
#undef WIDTH

#endif
