// SHA-256 (FIPS 180-4) of sixteen messages at once, each in one 32-bit lane of 512-bit vectors. The chunks of a tensor
// are independent messages. This is twice as fast as the processor's SHA instructions on one message, because each step
// of one message waits for the step before.

#include "sha256.h"

#include <string.h>

#if defined(__x86_64__)

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef uint32_t u32 __attribute__((vector_size(64)));
typedef uint64_t u64 __attribute__((vector_size(64)));

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
// The warning says that functions pass these vectors in no standard way if the processor may lack them. Here every
// such function is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

INLINE u32 rotated(u32 x, int n) { return (x >> n) | (x << (32 - n)); }

INLINE u32 bytes_swapped(u32 x) { return (rotated(x, 8) & 0xFF00FF00) | (rotated(x, 24) & 0x00FF00FF); }

// Loads the 64 bytes at an offset of each message as 16 vectors, each with one word of every message. This is a
// transposition: first of words, then of pairs of words, then of the quarters of a vector.
INLINE void load(const unsigned char *const *messages, size_t offset, u32 w[16]) {
  u32 t[16];
  UNROLL for (int i = 0; i < 16; i++) memcpy(&w[i], messages[i] + offset, sizeof w[i]);
  UNROLL for (int i = 0; i < 16; i += 2) {
    t[i] = __builtin_shufflevector(w[i], w[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    t[i + 1] = __builtin_shufflevector(w[i], w[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  }
  UNROLL for (int i = 0; i < 16; i += 4) {
    u64 a = (u64)t[i], b = (u64)t[i + 1], c = (u64)t[i + 2], d = (u64)t[i + 3];
    w[i] = (u32)__builtin_shufflevector(a, c, 0, 8, 2, 10, 4, 12, 6, 14);
    w[i + 1] = (u32)__builtin_shufflevector(a, c, 1, 9, 3, 11, 5, 13, 7, 15);
    w[i + 2] = (u32)__builtin_shufflevector(b, d, 0, 8, 2, 10, 4, 12, 6, 14);
    w[i + 3] = (u32)__builtin_shufflevector(b, d, 1, 9, 3, 11, 5, 13, 7, 15);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    u64 r0 = (u64)w[i], r1 = (u64)w[i + 4], r2 = (u64)w[i + 8], r3 = (u64)w[i + 12];
    u64 a = __builtin_shufflevector(r0, r1, 0, 1, 4, 5, 8, 9, 12, 13);
    u64 b = __builtin_shufflevector(r0, r1, 2, 3, 6, 7, 10, 11, 14, 15);
    u64 c = __builtin_shufflevector(r2, r3, 0, 1, 4, 5, 8, 9, 12, 13);
    u64 d = __builtin_shufflevector(r2, r3, 2, 3, 6, 7, 10, 11, 14, 15);
    t[i] = (u32)__builtin_shufflevector(a, c, 0, 1, 4, 5, 8, 9, 12, 13);
    t[i + 4] = (u32)__builtin_shufflevector(b, d, 0, 1, 4, 5, 8, 9, 12, 13);
    t[i + 8] = (u32)__builtin_shufflevector(a, c, 2, 3, 6, 7, 10, 11, 14, 15);
    t[i + 12] = (u32)__builtin_shufflevector(b, d, 2, 3, 6, 7, 10, 11, 14, 15);
  }
  UNROLL for (int i = 0; i < 16; i++) w[i] = bytes_swapped(t[i]);
}

void winit_sha256_avx512(uint32_t *state, const void *const messages[WINIT_MESSAGES], size_t blocks) {
  u32 s[8];
  memcpy(s, state, sizeof s);
  for (size_t block = 0; block < blocks; block++) {
    u32 w[16];
    load((const unsigned char *const *)messages, 64 * block, w);
    u32 a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    UNROLL for (int i = 0; i < 64; i++) {
      if (i >= 16) {
        u32 x = w[(i + 1) & 15], y = w[(i + 14) & 15];
        u32 sigma0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >> 3);
        u32 sigma1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >> 10);
        w[i & 15] += sigma0 + w[(i + 9) & 15] + sigma1;
      }
      u32 choice = (e & f) | (~e & g);
      u32 majority = (a & b) | (c & (a | b));
      u32 t1 = h + (w[i & 15] + sha256_constants[i]) + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + choice;
      u32 t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + majority;
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    s[0] += a;
    s[1] += b;
    s[2] += c;
    s[3] += d;
    s[4] += e;
    s[5] += f;
    s[6] += g;
    s[7] += h;
  }
  memcpy(state, s, sizeof s);
}

#pragma clang attribute pop

#endif
