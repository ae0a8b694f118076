// SHA-256 of one message, by the SHA instructions of the processor or in portable C, and of two or four messages by
// these instructions. Each instruction of one message waits for the one before; the other messages fill the time.

#include "processor.h"
#include "sha256.h"

#include <string.h>

#define MAX_STREAMS 4

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

#define TARGET __attribute__((target("sha,sse4.1")))
// The encoding of AVX saves most moves between registers. winit_sha256_group chooses the function only with AVX2.
#define TARGET_OF_FOUR __attribute__((target("sha,avx2")))

// Adds blocks to the states of `streams` messages. Word i of the state of message m is state[streams × i + m].
static inline __attribute__((always_inline)) TARGET void stream_blocks(
    uint32_t *state, const void *const *messages, size_t count, const int streams) {
  const __m128i swap = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
  // The instructions take the state as a, b, e, f and c, d, g, h, the first in the highest lane.
  __m128i abef[MAX_STREAMS], cdgh[MAX_STREAMS];
#pragma clang loop unroll(full)
  for (int m = 0; m < streams; m++) {
    const uint32_t *s = state + m;
    const int n = streams;
    abef[m] = _mm_set_epi32((int)s[0], (int)s[n], (int)s[4 * n], (int)s[5 * n]);
    cdgh[m] = _mm_set_epi32((int)s[2 * n], (int)s[3 * n], (int)s[6 * n], (int)s[7 * n]);
  }
  for (size_t block = 0; block < count; block++) {
    __m128i abef_before[MAX_STREAMS], cdgh_before[MAX_STREAMS], w[MAX_STREAMS][4];
#pragma clang loop unroll(full)
    for (int m = 0; m < streams; m++) {
      abef_before[m] = abef[m];
      cdgh_before[m] = cdgh[m];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      const __m128i constants = loaded(sha256_constants + 4 * i);
#pragma clang loop unroll(full)
      for (int m = 0; m < streams; m++) {
        __m128i *next = &w[m][i & 3];
        if (i < 4) {
          *next = _mm_shuffle_epi8(loaded((const unsigned char *)messages[m] + 64 * block + 16 * i), swap);
        } else {
          const __m128i last = w[m][(i - 1) & 3];
          const __m128i sum = _mm_add_epi32(
              _mm_sha256msg1_epu32(*next, w[m][(i - 3) & 3]), _mm_alignr_epi8(last, w[m][(i - 2) & 3], 4));
          *next = _mm_sha256msg2_epu32(sum, last);
        }
        const __m128i terms = _mm_add_epi32(*next, constants);
        cdgh[m] = _mm_sha256rnds2_epu32(cdgh[m], abef[m], terms);
        abef[m] = _mm_sha256rnds2_epu32(abef[m], cdgh[m], _mm_shuffle_epi32(terms, 0x0E));
      }
    }
#pragma clang loop unroll(full)
    for (int m = 0; m < streams; m++) {
      abef[m] = _mm_add_epi32(abef[m], abef_before[m]);
      cdgh[m] = _mm_add_epi32(cdgh[m], cdgh_before[m]);
    }
  }
#pragma clang loop unroll(full)
  for (int m = 0; m < streams; m++) {
    const int order[8] = {0, 1, 4, 5, 2, 3, 6, 7};
    uint32_t words[8];
    _mm_storeu_si128((__m128i *)words, _mm_shuffle_epi32(abef[m], 0x1B));
    _mm_storeu_si128((__m128i *)(words + 4), _mm_shuffle_epi32(cdgh[m], 0x1B));
    for (int i = 0; i < 8; i++) state[streams * order[i] + m] = words[i];
  }
}

#elif defined(__aarch64__)

#include <arm_neon.h>

#define TARGET __attribute__((target("sha2")))
#define TARGET_OF_FOUR TARGET

// Adds blocks to the states of `streams` messages. Word i of the state of message m is state[streams × i + m].
static inline __attribute__((always_inline)) TARGET void stream_blocks(
    uint32_t *state, const void *const *messages, size_t count, const int streams) {
  uint32_t words[MAX_STREAMS][8];
  uint32x4_t abcd[MAX_STREAMS], efgh[MAX_STREAMS];
#pragma clang loop unroll(full)
  for (int m = 0; m < streams; m++) {
    for (int i = 0; i < 8; i++) words[m][i] = state[streams * i + m];
    abcd[m] = vld1q_u32(words[m]);
    efgh[m] = vld1q_u32(words[m] + 4);
  }
  for (size_t block = 0; block < count; block++) {
    uint32x4_t abcd_before[MAX_STREAMS], efgh_before[MAX_STREAMS], w[MAX_STREAMS][4];
#pragma clang loop unroll(full)
    for (int m = 0; m < streams; m++) {
      abcd_before[m] = abcd[m];
      efgh_before[m] = efgh[m];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) {
      const uint32x4_t constants = vld1q_u32(sha256_constants + 4 * i);
#pragma clang loop unroll(full)
      for (int m = 0; m < streams; m++) {
        uint32x4_t *next = &w[m][i & 3];
        if (i < 4)
          *next = vreinterpretq_u32_u8(
              vrev32q_u8(vld1q_u8((const unsigned char *)messages[m] + 64 * block + 16 * i)));
        else
          *next = vsha256su1q_u32(
              vsha256su0q_u32(*next, w[m][(i - 3) & 3]), w[m][(i - 2) & 3], w[m][(i - 1) & 3]);
        const uint32x4_t terms = vaddq_u32(*next, constants);
        const uint32x4_t abcd_old = abcd[m];
        abcd[m] = vsha256hq_u32(abcd[m], efgh[m], terms);
        efgh[m] = vsha256h2q_u32(efgh[m], abcd_old, terms);
      }
    }
#pragma clang loop unroll(full)
    for (int m = 0; m < streams; m++) {
      abcd[m] = vaddq_u32(abcd[m], abcd_before[m]);
      efgh[m] = vaddq_u32(efgh[m], efgh_before[m]);
    }
  }
#pragma clang loop unroll(full)
  for (int m = 0; m < streams; m++) {
    vst1q_u32(words[m], abcd[m]);
    vst1q_u32(words[m] + 4, efgh[m]);
    for (int i = 0; i < 8; i++) state[streams * i + m] = words[m][i];
  }
}

#endif

#if defined(__x86_64__) || defined(__aarch64__)

static TARGET void instruction_blocks(uint32_t state[8], const unsigned char *blocks, size_t count) {
  const void *const messages[1] = {blocks};
  stream_blocks(state, messages, count, 1);
}

#if defined(__x86_64__)
TARGET void winit_sha256_two(uint32_t *state, const void *const *messages, size_t blocks) {
  stream_blocks(state, messages, blocks, 2);
}

#endif

TARGET_OF_FOUR void winit_sha256_four(uint32_t *state, const void *const *messages, size_t blocks) {
  stream_blocks(state, messages, blocks, 4);
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
