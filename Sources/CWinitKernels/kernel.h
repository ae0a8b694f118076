// The laws at one vector width: WIDTH bytes, with names that end in SUFFIX. kernels.c includes this file once for each
// instruction set. Read it beside docs/law.md and Sources/WinitCore/Random/UnitDraw.swift, which define the bits.

// The number of vectors in flight, a power of two: enough to hide the latency of the multiplications.
#define VECTORS 8
#define LANES (WIDTH / 4)
// The number of blocks that are filled in one step.
#define STEP (VECTORS * LANES / 4)
#define INLINE static inline __attribute__((always_inline))

// U32 and U64 are vectors of the processor's width; the words are computed in them. The other types hold all the
// vectors in flight as one wide vector: clang splits each operation on it into VECTORS independent operations, and none
// of them waits for another.
#define U32 NAME(u32)
#define U64 NAME(u64)
#define WORDS NAME(words)
#define INTS NAME(ints)
#define FLOATS NAME(floats)
#define DOUBLES NAME(doubles)
#define LONGS NAME(longs)
#define SHORTS NAME(shorts)
#define HALVES NAME(halves)

typedef uint32_t U32 __attribute__((vector_size(WIDTH)));
typedef uint64_t U64 __attribute__((vector_size(WIDTH)));
typedef uint32_t WORDS __attribute__((vector_size(VECTORS * WIDTH)));
typedef int32_t INTS __attribute__((vector_size(VECTORS * WIDTH)));
typedef float FLOATS __attribute__((vector_size(VECTORS * WIDTH)));
typedef double DOUBLES __attribute__((vector_size(2 * VECTORS * WIDTH)));
typedef int64_t LONGS __attribute__((vector_size(2 * VECTORS * WIDTH)));
typedef uint16_t SHORTS __attribute__((vector_size(VECTORS * WIDTH / 2)));
typedef _Float16 HALVES __attribute__((vector_size(VECTORS * WIDTH / 2)));

#include "philox.h"

// U(w) × 2²³
INLINE FLOATS NAME(uniform)(WORDS w) { return __builtin_convertvector((INTS)w >> 8, FLOATS) + 0.5f; }

// The quotient N ÷ D of C(p, x), given bits(v) − 0x3F3504F3. The exponent is not shifted down: f32(e << 23) × (ln 2 ×
// 2⁻²³) equals f32(e) × ln 2, because both products round the same exact value.
INLINE FLOATS NAME(ratio)(INTS bits) {
  INTS e = bits & (int32_t)0xFF800000;
  FLOATS t = (FLOATS)(bits - e + 0x3F3504F3) - 1.0f;
  FLOATS t2 = t * t;
  FLOATS t4 = t2 * t2;
  FLOATS a7 = 0x1.4c3d08p-3f + t * -0x1.9dfa6ep-4f;
  FLOATS a5 = 0x1.978e2ep-3f + t * -0x1.614c08p-3f;
  FLOATS a3 = 0x1.5559dcp-2f + t * -0x1.ff623cp-3f;
  FLOATS a1 = 0x1.fffffep-1f + t * -0x1.00007ap-1f;
  FLOATS polynomial = ((a7 * t2 + a5) * t4) + (a3 * t2 + a1);
  FLOATS l = __builtin_convertvector(e, FLOATS) * -0x1.62e430p-24f - t * polynomial;
  FLOATS l2 = l * l;
  FLOATS l4 = l2 * l2;
  FLOATS n5 = 0x1.2a9942p-10f + l * 0x1.f2dd96p-15f;
  FLOATS n3 = 0x1.74d8a6p-4f + l * 0x1.9a906cp-7f;
  FLOATS n1 = 0x1.40d932p+0f + l * 0x1.ca3758p-2f;
  FLOATS numerator = (n5 + 0x1.9cd394p-23f * l2) * l4 + (n3 * l2 + n1);
  FLOATS d5 = 0x1.04eebcp-12f + l * 0x1.f7a9a8p-19f;
  FLOATS d3 = 0x1.1bfb62p-5f + l * 0x1.2f2db8p-9f;
  FLOATS d1 = 1.0f + l * 0x1.86153ep-4f;
  FLOATS denominator = d5 * l4 + (d3 * l2 + d1);
  return numerator / denominator;
}

// Q(w) × 2³¹. Here p and x are not scaled down: p × 2³² in place of p gives v × 2⁶² in place of v, and a power of two
// changes no rounding.
INLINE FLOATS NAME(normal)(WORDS w) {
  INTS m = (INTS)w ^ ((INTS)w >> 31);
  INTS q = m ^ 0x7FFFFFFF;
  FLOATS p = __builtin_convertvector(m, FLOATS) + 0.5f;
  FLOATS x = __builtin_convertvector(q, FLOATS) + 0.5f;
  FLOATS v = p * (0x1p32f - p);
  FLOATS c = x * NAME(ratio)((INTS)v - (0x3F3504F3 + (62 << 23)));
  return (FLOATS)((INTS)c ^ (~(INTS)w & (int32_t)0x80000000));
}

// min(max(x, low), high)
INLINE FLOATS NAME(clip)(FLOATS x, float low, float high) {
  const FLOATS lows = (FLOATS){0} + low, highs = (FLOATS){0} + high;
  INTS above = x > lows;
  x = (FLOATS)((above & (INTS)x) | (~above & (INTS)lows));
  INTS over = x > highs;
  return (FLOATS)((over & (INTS)highs) | (~over & (INTS)x));
}

// T(w). The law draws from the half below 0.5 and gives the result the sign of u − 0.5. Here 2u − 1 takes the place of
// ±(1 − 2p): both round to the same magnitude, because 1 − u is exact for u ≥ 0.5.
INLINE FLOATS NAME(truncated)(WORDS w, const struct winit_recipe *r) {
  // The word is the low half of a number in [2²⁰, 2²⁰ + 1), whose last place is 2⁻³²; the difference is exact.
  DOUBLES position = (DOUBLES)(__builtin_convertvector(w, LONGS) | 0x4130000000000000) - (0x1p20 - 0x1p-33);
  DOUBLES u = r->alpha + (r->beta - r->alpha) * position;
  DOUBLES other = 1.0 - u;
  LONGS isLower = u < other;
  DOUBLES tail = (DOUBLES)((isLower & (LONGS)u) | (~isLower & (LONGS)other));
  FLOATS p = __builtin_convertvector(tail, FLOATS);
  FLOATS x = __builtin_convertvector((u + u) - 1.0, FLOATS);
  FLOATS v = (p * 4.0f) * (1.0f - p);
  return NAME(clip)(x * NAME(ratio)((INTS)v - 0x3F3504F3), r->low, r->high);
}

INLINE SHORTS NAME(bfloat16)(FLOATS x) {
  WORDS bits = (WORDS)x;
  return __builtin_convertvector((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, SHORTS);
}

#if defined(__aarch64__) || WIDTH > 16

// The conversion is one instruction, and rounds to nearest, ties to even, in the mode of the law.
INLINE SHORTS NAME(float16)(FLOATS x) { return (SHORTS)__builtin_convertvector(x, HALVES); }

#else

// The same as Float.float16Bits in Sources/WinitCore/Laws/HalfPrecision.swift. A normal result has its exponent
// rebiased; a subnormal result is a count of 2⁻²⁴, which the addition of 0.5 rounds, because the last place of 0.5 is
// 2⁻²⁴.
INLINE SHORTS NAME(float16)(FLOATS x) {
  WORDS sign = ((WORDS)x >> 16) & 0x8000;
  WORDS magnitude = (WORDS)x & 0x7FFFFFFF;
  WORDS rebased = magnitude - 0x38000000;
  WORDS normal = (rebased + 0xFFF + ((rebased >> 13) & 1)) >> 13;
  WORDS subnormal = (WORDS)((FLOATS)magnitude + 0.5f) - 0x3F000000;
  WORDS isSubnormal = (WORDS)(magnitude < 0x38800000);
  WORDS isLarge = (WORDS)(magnitude >= 0x47800000);
  WORDS bits = (isSubnormal & subnormal) | (~isSubnormal & normal);
  bits = (isLarge & 0x7C00) | (~isLarge & bits);
  return __builtin_convertvector(sign | bits, SHORTS);
}

#endif

INLINE void NAME(store)(FLOATS x, enum winit_format format, char *out) {
  switch (format) {
    case WINIT_FLOAT32: memcpy(out, &x, sizeof x); break;
    case WINIT_FLOAT64: {
      DOUBLES wide = __builtin_convertvector(x, DOUBLES);
      memcpy(out, &wide, sizeof wide);
      break;
    }
    case WINIT_FLOAT16:
    case WINIT_BFLOAT16: {
      SHORTS bits = format == WINIT_FLOAT16 ? NAME(float16)(x) : NAME(bfloat16)(x);
      memcpy(out, &bits, sizeof bits);
      break;
    }
  }
}

// The draws lack a factor of a power of two, which the scale supplies. For a scale that is `small` that product would
// be rounded, so the draw, which is exact either way, gets its factor first.
INLINE FLOATS NAME(value)(WORDS w, enum winit_law law, const struct winit_recipe *r, const int small) {
  switch (law) {
    case WINIT_UNIFORM: {
      FLOATS scaled = small ? NAME(uniform)(w) * 0x1p-23f * r->half : NAME(uniform)(w) * (r->half * 0x1p-23f);
      return NAME(clip)(scaled + r->mid, r->low, r->high);
    }
    case WINIT_NORMAL:
      return (small ? NAME(normal)(w) * 0x1p-31f * r->std : NAME(normal)(w) * (r->std * 0x1p-31f)) + r->mean;
    case WINIT_TRUNCATED_NORMAL: return NAME(truncated)(w, r) * r->std + r->mean;
    case WINIT_WORDS: return (FLOATS)w;
  }
}

// Fills whole steps of blocks, as many as fit in `blocks`, up to the next multiple of 2³² blocks; returns how many
// blocks that is. Every caller passes constants for the law and `small`, and for the format where the
// speed matters, and the function is inlined into it.
INLINE size_t NAME(fill)(
    const struct winit_recipe *recipe, enum winit_law law, enum winit_format format, const int small, uint64_t block,
    size_t blocks, char *out) {
  const struct winit_recipe r = *recipe;
  const uint64_t left = 0x100000000 - (block & 0xFFFFFFFF);
  if (blocks > left) blocks = (size_t)left;
  uint32_t keys[20];
  uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
  for (int round = 0; round < 10; round++) {
    keys[2 * round] = k0;
    keys[2 * round + 1] = k1;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  COUNTERS counters = (COUNTERS){BLOCKS} + (uint32_t)block;
  const size_t size = item_size(law, format);
  size_t done = 0;
  for (; done + STEP <= blocks; done += STEP) {
    WORDS words = NAME(philox)(counters, (uint32_t)(block >> 32), r.stream, keys);
    NAME(store)(NAME(value)(words, law, &r, small), format, out + 4 * done * size);
    counters += STEP;
  }
  return done;
}

#define FOR_FORMATS(law)                                                                                        \
  switch (recipe->format) {                                                                                     \
    case WINIT_FLOAT32: return NAME(fill)(recipe, law, WINIT_FLOAT32, 0, first_block, blocks, out);             \
    case WINIT_FLOAT64: return NAME(fill)(recipe, law, WINIT_FLOAT64, 0, first_block, blocks, out);             \
    case WINIT_FLOAT16: return NAME(fill)(recipe, law, WINIT_FLOAT16, 0, first_block, blocks, out);             \
    case WINIT_BFLOAT16: return NAME(fill)(recipe, law, WINIT_BFLOAT16, 0, first_block, blocks, out);           \
  }

// The alignment makes the speed independent of where the linker puts the function: fills on two threads of one core
// lost up to a sixth at other places. The function is not inlined, so that no operation moves out of the law's mode.
static __attribute__((aligned(64), noinline)) ALIGNED_STACK size_t NAME(fill_any)(
    const struct winit_recipe *recipe, uint64_t first_block, size_t blocks, void *out) {
  const int format = recipe->format;
  switch (recipe->law) {
    case WINIT_UNIFORM:
      if (recipe->half != 0 && recipe->half < 0x1p-103f)
        return NAME(fill)(recipe, WINIT_UNIFORM, format, 1, first_block, blocks, out);
      FOR_FORMATS(WINIT_UNIFORM)
      break;
    case WINIT_NORMAL:
      if (recipe->std != 0 && __builtin_fabsf(recipe->std) < 0x1p-95f)
        return NAME(fill)(recipe, WINIT_NORMAL, format, 1, first_block, blocks, out);
      FOR_FORMATS(WINIT_NORMAL)
      break;
    case WINIT_TRUNCATED_NORMAL: FOR_FORMATS(WINIT_TRUNCATED_NORMAL) break;
    case WINIT_WORDS: return NAME(fill)(recipe, WINIT_WORDS, WINIT_FLOAT32, 0, first_block, blocks, out);
  }
  return 0;
}

// Fills any range. The whole groups in its middle are filled in place. An end is cut out of a group in temporary
// memory, which lies before a multiple of 2³² blocks if it would otherwise cross it.
static __attribute__((noinline)) void NAME(fill_range)(
    const struct winit_recipe *recipe, uint64_t start, uint64_t count, char *out) {
  const size_t size = item_size(recipe->law, recipe->format);
  char group[4 * STEP * 8];
  while (count > 0) {
    uint64_t block = start / 4;
    const uint64_t left = 0x100000000 - (block & 0xFFFFFFFF);
    uint64_t done = 0;
    if (start % 4 == 0 && count >= 4 * STEP && left >= STEP) {
      const uint64_t blocks = count / 4 < left ? count / 4 : left;
      done = 4 * NAME(fill_any)(recipe, block, (size_t)blocks, out);
    } else {
      if (left < STEP) block -= STEP - left;
      NAME(fill_any)(recipe, block, STEP, group);
      const uint64_t skipped = start - 4 * block;
      done = 4 * STEP - skipped < count ? 4 * STEP - skipped : count;
      memcpy(out, group + skipped * size, done * size);
    }
    start += done;
    count -= done;
    out += done * size;
  }
}

static __attribute__((noinline)) size_t NAME(draws_any)(enum winit_law law, uint32_t first, size_t count, float *out) {
  WORDS words;
  for (int i = 0; i < VECTORS * LANES; i++) words[i] = first + (uint32_t)i;
  size_t done = 0;
  for (; done + VECTORS * LANES <= count; done += VECTORS * LANES) {
    FLOATS draws = law == WINIT_UNIFORM ? NAME(uniform)(words) * 0x1p-23f : NAME(normal)(words) * 0x1p-31f;
    memcpy(out + done, &draws, sizeof draws);
    words += VECTORS * LANES;
  }
  return done;
}

size_t NAME(winit_draws)(enum winit_law law, uint32_t first, size_t count, float *out) {
  const uint64_t mode = arithmetic_enter();
  const size_t done = NAME(draws_any)(law, first, count, out);
  arithmetic_leave(mode);
  return done;
}

#undef VECTORS
#undef LANES
#undef STEP
#undef INLINE
#undef U32
#undef U64
#undef WORDS
#undef INTS
#undef FLOATS
#undef DOUBLES
#undef LONGS
#undef SHORTS
#undef HALVES
#undef COUNTERS
#undef BLOCKS
#undef FOR_FORMATS
