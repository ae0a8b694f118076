// Words by Philox4x32-10 at one vector width. kernel.h includes this file, and defines its types.

#if defined(__aarch64__)

// The counters of one vector: the low half of each. BLOCKS is the block that each lane computes.
#define COUNTERS U32
#define BLOCKS 0, 1, 2, 3

// Multiplies each lane, and returns the low halves and the high halves of the products.
INLINE void NAME(multiply)(U32 x, uint32_t factor, U32 *low, U32 *high) {
  const uint32x4_t factors = vdupq_n_u32(factor);
  const uint32x4_t first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(x), vget_low_u32(factors)));
  const uint32x4_t second = vreinterpretq_u32_u64(vmull_high_u32(x, factors));
  *low = vuzp1q_u32(first, second);
  *high = vuzp2q_u32(first, second);
}

// Computes VECTORS vectors of words with Philox4x32-10, four vectors at a time. Four vectors hold c0, c1, c2 and c3 of
// as many counters as they have lanes. The multiplications widen the lower and the upper lanes of a vector without a
// move, and two shuffles collect the halves of the products.
INLINE WORDS NAME(philox)(COUNTERS block, uint32_t high, uint64_t stream, const uint32_t keys[20]) {
  U32 words[VECTORS];
  U32 c0[VECTORS / 4], c1[VECTORS / 4], c2[VECTORS / 4], c3[VECTORS / 4];
#pragma clang loop unroll(full)
  for (int i = 0; i < VECTORS / 4; i++) {
    c0[i] = block + (uint32_t)(i * LANES);
    c1[i] = (U32){0} + high;
    c2[i] = (U32){0} + (uint32_t)stream;
    c3[i] = (U32){0} + (uint32_t)(stream >> 32);
  }
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < VECTORS / 4; i++) {
      U32 low0, high0, low1, high1;
      NAME(multiply)(c0[i], 0xD2511F53, &low0, &high0);
      NAME(multiply)(c2[i], 0xCD9E8D57, &low1, &high1);
      c0[i] = high1 ^ (c1[i] ^ keys[2 * round]);
      c2[i] = high0 ^ (c3[i] ^ keys[2 * round + 1]);
      c1[i] = low1;
      c3[i] = low0;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < VECTORS / 4; i++) {
    const U32 even0 = vzip1q_u32(c0[i], c2[i]), odd0 = vzip1q_u32(c1[i], c3[i]);
    const U32 even1 = vzip2q_u32(c0[i], c2[i]), odd1 = vzip2q_u32(c1[i], c3[i]);
    words[4 * i] = vzip1q_u32(even0, odd0);
    words[4 * i + 1] = vzip2q_u32(even0, odd0);
    words[4 * i + 2] = vzip1q_u32(even1, odd1);
    words[4 * i + 3] = vzip2q_u32(even1, odd1);
  }
  WORDS result;
  memcpy(&result, words, sizeof result);
  return result;
}

#else

// The counters of one vector: the low half of each, in a 64-bit lane.
#define COUNTERS U64

// Shuffles. EVEN and ODD interleave the even and the odd 64-bit lanes of two vectors; BLOCKS is the block that each
// lane computes, so that the words come out in order. HIGH repeats the high half of each 64-bit lane. PAIRS interleaves
// the low halves of the lanes of two vectors.
#if WIDTH == 16
#define EVEN 0, 2
#define ODD 1, 3
#define BLOCKS 0, 1
#define HIGH 1, 1, 3, 3
#define PAIRS 0, 4, 2, 6
#elif WIDTH == 32
#define EVEN 0, 4, 2, 6
#define ODD 1, 5, 3, 7
#define BLOCKS 0, 2, 1, 3
#define HIGH 1, 1, 3, 3, 5, 5, 7, 7
#define PAIRS 0, 8, 2, 10, 4, 12, 6, 14
#else
#define EVEN 0, 8, 2, 10, 4, 12, 6, 14
#define ODD 1, 9, 3, 11, 5, 13, 7, 15
#define BLOCKS 0, 4, 1, 5, 2, 6, 3, 7
#define HIGH 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15
#define PAIRS 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#endif

// Copies the high half of each 64-bit lane to its low half. The high half of the result is unspecified. This is a
// shuffle because a shift would compete with the multiplications for a port of the processor.
INLINE U64 NAME(high)(U64 x) { return (U64)__builtin_shufflevector((U32)x, (U32)x, HIGH); }

// Puts a number into every 32-bit lane. If the high halves were zero, clang would notice, drop the mask before a
// multiplication, and use the slow 64-bit multiplication.
INLINE U64 NAME(both)(uint32_t x) { return (U64)((U32){0} + x); }

// Computes VECTORS vectors of words with Philox4x32-10, two vectors at a time. Four vectors hold c0, c1, c2 and c3 of
// as many counters as they have 64-bit lanes, each in the low half of its lane. The low half of a product is then the
// next c1 or c3 without any move, and the high half needs one shuffle: no value crosses lanes until the words are put
// in order at the end. The counters of a call share their high halves and the stream, so the compiler moves the part of
// the first two rounds that depends only on these out of the loop.
INLINE WORDS NAME(philox)(COUNTERS block, uint32_t high, uint64_t stream, const uint32_t keys[20]) {
  U32 words[VECTORS];
  U64 c0[VECTORS / 2], c1[VECTORS / 2], c2[VECTORS / 2], c3[VECTORS / 2];
#pragma clang loop unroll(full)
  for (int i = 0; i < VECTORS / 2; i++) {
    c0[i] = block + (uint64_t)(i * (LANES / 2));
    c1[i] = NAME(both)(high);
    c2[i] = NAME(both)((uint32_t)stream);
    c3[i] = NAME(both)((uint32_t)(stream >> 32));
  }
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; round++) {
#pragma clang loop unroll(full)
    for (int i = 0; i < VECTORS / 2; i++) {
      U64 product0 = (c0[i] & 0xFFFFFFFF) * 0xD2511F53;
      U64 product1 = (c2[i] & 0xFFFFFFFF) * 0xCD9E8D57;
      c0[i] = NAME(high)(product1) ^ (c1[i] ^ NAME(both)(keys[2 * round]));
      c2[i] = NAME(high)(product0) ^ (c3[i] ^ NAME(both)(keys[2 * round + 1]));
      c1[i] = product1;
      c3[i] = product0;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < VECTORS / 2; i++) {
    U64 lower = (U64)__builtin_shufflevector((U32)c0[i], (U32)c1[i], PAIRS);
    U64 upper = (U64)__builtin_shufflevector((U32)c2[i], (U32)c3[i], PAIRS);
    words[2 * i] = (U32)__builtin_shufflevector(lower, upper, EVEN);
    words[2 * i + 1] = (U32)__builtin_shufflevector(lower, upper, ODD);
  }
  WORDS result;
  memcpy(&result, words, sizeof result);
  return result;
}

#undef EVEN
#undef ODD
#undef HIGH
#undef PAIRS

#endif
