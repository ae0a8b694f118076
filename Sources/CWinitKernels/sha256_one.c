// SHA-256 of one message: by the SHA instructions of the processor, or in portable C.

#include "processor.h"
#include "sha256.h"

#include <string.h>

static inline uint32_t rotated(uint32_t x, int n) { return (x >> n) | (x << (32 - n)); }

static inline uint32_t big_endian(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void portable_blocks(uint32_t state[8], const unsigned char *blocks, size_t count) {
  for (; count > 0; count--, blocks += 64) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++) w[i] = big_endian(blocks + 4 * i);
    for (int i = 16; i < 64; i++) {
      const uint32_t x = w[i - 15], y = w[i - 2];
      w[i] = (rotated(x, 7) ^ rotated(x, 18) ^ (x >> 3)) + w[i - 7] + w[i - 16] +
             (rotated(y, 17) ^ rotated(y, 19) ^ (y >> 10));
    }
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
      const uint32_t a = s[0], e = s[4];
      const uint32_t t1 = s[7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & s[5]) ^ (~e & s[6])) +
                          sha256_constants[i] + w[i];
      const uint32_t t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & s[1]) | (s[2] & (a | s[1])));
      for (int k = 7; k > 0; k--) s[k] = s[k - 1];
      s[4] += t1;
      s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
  }
}

#if defined(__x86_64__)

#include <immintrin.h>

static inline __attribute__((always_inline, target("sha,sse4.1"))) __m128i loaded(const void *p) {
  return _mm_loadu_si128((const __m128i *)p);
}

static __attribute__((target("sha,sse4.1"))) void instruction_blocks(
    uint32_t state[8], const unsigned char *blocks, size_t count) {
  const __m128i swap = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
  // The instructions take the state as a, b, e, f and c, d, g, h, the first in the highest lane.
  __m128i abcd = _mm_shuffle_epi32(loaded(state), 0xB1), efgh = _mm_shuffle_epi32(loaded(state + 4), 0x1B);
  __m128i abef = _mm_alignr_epi8(abcd, efgh, 8), cdgh = _mm_blend_epi16(efgh, abcd, 0xF0);
  for (; count > 0; count--, blocks += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      __m128i *next = &w[i & 3];
      if (i < 4) {
        *next = _mm_shuffle_epi8(loaded(blocks + 16 * i), swap);
      } else {
        const __m128i last = w[(i - 1) & 3];
        const __m128i sum = _mm_add_epi32(
            _mm_sha256msg1_epu32(*next, w[(i - 3) & 3]), _mm_alignr_epi8(last, w[(i - 2) & 3], 4));
        *next = _mm_sha256msg2_epu32(sum, last);
      }
      const __m128i terms = _mm_add_epi32(*next, loaded(sha256_constants + 4 * i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, terms);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(terms, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#elif defined(__aarch64__)

#include <arm_neon.h>

static __attribute__((target("sha2"))) void instruction_blocks(
    uint32_t state[8], const unsigned char *blocks, size_t count) {
  uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
  for (; count > 0; count--, blocks += 64) {
    const uint32x4_t abcd_before = abcd, efgh_before = efgh;
    uint32x4_t w[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      uint32x4_t *next = &w[i & 3];
      if (i < 4)
        *next = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
      else
        *next = vsha256su1q_u32(vsha256su0q_u32(*next, w[(i - 3) & 3]), w[(i - 2) & 3], w[(i - 1) & 3]);
      const uint32x4_t terms = vaddq_u32(*next, vld1q_u32(sha256_constants + 4 * i));
      const uint32x4_t abcd_old = abcd;
      abcd = vsha256hq_u32(abcd, efgh, terms);
      efgh = vsha256h2q_u32(efgh, abcd_old, terms);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}

#endif

void winit_sha256_blocks(uint32_t state[8], const unsigned char *blocks, size_t count) {
#if defined(__x86_64__) || defined(__aarch64__)
  if (processor() & PROCESSOR_SHA) {
    instruction_blocks(state, blocks, count);
    return;
  }
#endif
  portable_blocks(state, blocks, count);
}
