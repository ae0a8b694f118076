// SHA-256 of sixteen messages in the lanes of 512-bit vectors, and of eight in those of 256-bit vectors. The chunks of a
// tensor are independent messages. Each step of one message waits for the step before; several messages fill the time.

#include "sha256.h"
#include "stack.h"

#include <string.h>

#if defined(__x86_64__)

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define NAME(a) JOIN(a, SUFFIX)

// The warning says that functions pass these vectors in no standard way if the processor may lack them. Here every
// such function is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define SUFFIX avx2
#define LANES 8
#include "sha256_lanes.h"
#undef SUFFIX
#undef LANES
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#define SUFFIX avx512
#define LANES 16
#include "sha256_lanes.h"
#undef SUFFIX
#undef LANES
#pragma clang attribute pop

#endif
