// The law at one vector width: WIDTH bytes, names ending in SUFFIX. To be read beside docs/law.md and
// InitLaw/UnitDraws.swift, which is the definition. Included by kernels.c, once for each instruction set.

// Vectors in flight, an even number: enough to hide the latency of the multiplications (4, 6, 8 and 12 were tried).
#define VECTORS 8
#define LANES (WIDTH / 4)
#define INLINE static inline __attribute__((always_inline))

#define U16H NAME(u16h)
#define U32 NAME(u32)
#define I32 NAME(i32)
#define F32 NAME(f32)
#define U64 NAME(u64)
#define I64 NAME(i64)
#define F64 NAME(f64)
#define I32H NAME(i32h)
#define F32H NAME(f32h)
#define WORDS NAME(words)
#define VALUES NAME(values)

typedef uint32_t U32 __attribute__((vector_size(WIDTH)));
typedef int32_t I32 __attribute__((vector_size(WIDTH)));
typedef float F32 __attribute__((vector_size(WIDTH)));
typedef uint64_t U64 __attribute__((vector_size(WIDTH)));
typedef int64_t I64 __attribute__((vector_size(WIDTH)));
typedef double F64 __attribute__((vector_size(WIDTH)));
typedef int32_t I32H __attribute__((vector_size(WIDTH / 2)));
typedef float F32H __attribute__((vector_size(WIDTH / 2)));
typedef uint16_t U16H __attribute__((vector_size(WIDTH / 2)));

typedef struct { U32 v[VECTORS]; } WORDS;
typedef struct { F32 v[VECTORS]; } VALUES;

// Which 32-bit lanes make the lower and the upper half, and both halves again; the even and the odd 64-bit lanes of two
// vectors, side by side; and the block of each lane, so that these come out in order.
#if WIDTH == 16
#define LOWER 0, 1
#define UPPER 2, 3
#define WHOLE 0, 1, 2, 3
#define EVEN 0, 2
#define ODD 1, 3
#define BLOCKS 0, 1
#define HIGH 1, 1, 3, 3
#elif WIDTH == 32
#define LOWER 0, 1, 2, 3
#define UPPER 4, 5, 6, 7
#define WHOLE 0, 1, 2, 3, 4, 5, 6, 7
#define EVEN 0, 4, 2, 6
#define ODD 1, 5, 3, 7
#define BLOCKS 0, 2, 1, 3
#define HIGH 1, 1, 3, 3, 5, 5, 7, 7
#else
#define LOWER 0, 1, 2, 3, 4, 5, 6, 7
#define UPPER 8, 9, 10, 11, 12, 13, 14, 15
#define WHOLE 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define EVEN 0, 8, 2, 10, 4, 12, 6, 14
#define ODD 1, 9, 3, 11, 5, 13, 7, 15
#define BLOCKS 0, 4, 1, 5, 2, 6, 3, 7
#define HIGH 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15
#endif

// The high half of each 64-bit lane in its low half; the high half is anything. A shuffle, because shifts compete with
// the multiplications for a port of the processor.
INLINE U64 NAME(high)(U64 x) { return (U64)__builtin_shufflevector((U32)x, (U32)x, HIGH); }

// Philox4x32-10 of VECTORS vectors of words, two at a time: four vectors hold c0, c1, c2 and c3 of as many counters as
// they have 64-bit lanes, each in the low half of its lane. Then a product's low half is the next c1 or c3 where it
// stands, and its high half needs one shift: nothing crosses lanes before the words are laid out at the end.
INLINE WORDS NAME(philox)(U64 block, uint64_t stream, const uint64_t keys[20]) {
  WORDS words;
#pragma clang loop unroll(full)
  for (int i = 0; i < VECTORS; i += 2) {
    U64 c0 = block + (uint64_t)(i * (LANES / 4));
    U64 c1 = c0 >> 32;
    U64 c2 = (U64){0} + stream;
    U64 c3 = c2 >> 32;
#pragma clang loop unroll(full)
    for (int round = 0; round < 10; round++) {
      U64 product0 = (c0 & 0xFFFFFFFF) * 0xD2511F53;
      U64 product1 = (c2 & 0xFFFFFFFF) * 0xCD9E8D57;
      c0 = NAME(high)(product1) ^ c1 ^ keys[2 * round];
      c2 = NAME(high)(product0) ^ c3 ^ keys[2 * round + 1];
      c1 = product1;
      c3 = product0;
    }
    U64 lower = (c0 & 0xFFFFFFFF) | (c1 << 32);
    U64 upper = (c2 & 0xFFFFFFFF) | (c3 << 32);
    words.v[i] = (U32)__builtin_shufflevector(lower, upper, EVEN);
    words.v[i + 1] = (U32)__builtin_shufflevector(lower, upper, ODD);
  }
  return words;
}

INLINE F32 NAME(uniform)(U32 w) { return (__builtin_convertvector((I32)w >> 8, F32) + 0.5f) * 0x1p-23f; }

// C(p, x)
INLINE F32 NAME(core)(F32 p, F32 x) {
  F32 v = (p * 4.0f) * (1.0f - p);
  I32 bits = (I32)v;
  I32 e = (bits - 0x3F3504F3) >> 23;
  F32 t = (F32)(bits - (e << 23)) - 1.0f;
  F32 t2 = t * t;
  F32 t4 = t2 * t2;
  F32 a7 = 0x1.4c3d08p-3f + t * -0x1.9dfa6ep-4f;
  F32 a5 = 0x1.978e2ep-3f + t * -0x1.614c08p-3f;
  F32 a3 = 0x1.5559dcp-2f + t * -0x1.ff623cp-3f;
  F32 a1 = 0x1.fffffep-1f + t * -0x1.00007ap-1f;
  F32 polynomial = ((a7 * t2 + a5) * t4) + (a3 * t2 + a1);
  F32 l = -(__builtin_convertvector(e, F32) * 0x1.62e430p-1f + t * polynomial);
  F32 l2 = l * l;
  F32 l4 = l2 * l2;
  F32 n5 = 0x1.2a9942p-10f + l * 0x1.f2dd96p-15f;
  F32 n3 = 0x1.74d8a6p-4f + l * 0x1.9a906cp-7f;
  F32 n1 = 0x1.40d932p+0f + l * 0x1.ca3758p-2f;
  F32 numerator = (n5 + 0x1.9cd394p-23f * l2) * l4 + (n3 * l2 + n1);
  F32 d5 = 0x1.04eebcp-12f + l * 0x1.f7a9a8p-19f;
  F32 d3 = 0x1.1bfb62p-5f + l * 0x1.2f2db8p-9f;
  F32 d1 = 1.0f + l * 0x1.86153ep-4f;
  F32 denominator = d5 * l4 + (d3 * l2 + d1);
  return x * (numerator / denominator);
}

INLINE F32 NAME(normal)(U32 w) {
  I32 top = (I32)w >> 31;
  I32 m = (I32)w ^ top;
  I32 q = m ^ 0x7FFFFFFF;
  F32 p = (__builtin_convertvector(m, F32) + 0.5f) * 0x1p-32f;
  F32 x = (__builtin_convertvector(q, F32) + 0.5f) * 0x1p-31f;
  return (F32)((I32)NAME(core)(p, x) ^ (~top & (int32_t)0x80000000));
}

// min(max(x, low), high)
INLINE F32 NAME(clip)(F32 x, float low, float high) {
  const F32 lows = (F32){0} + low, highs = (F32){0} + high;
  I32 below = x <= lows;
  x = (F32)((below & (I32)lows) | (~below & (I32)x));
  I32 above = x > highs;
  return (F32)((above & (I32)highs) | (~above & (I32)x));
}

// The tail probability of a truncated draw, 1 − 2 × tail, and where the tail is the lower one, for half a vector.
INLINE void NAME(tail)(I32H w, double alpha, double width, F32H *p, F32H *x, I32H *lower) {
  // f64(w) + 0.5, exactly, from the signed number w − 2³¹.
  F64 position = __builtin_convertvector(w ^ (int32_t)0x80000000, F64) + 2147483648.5;
  F64 u = alpha + width * (position * 0x1p-32);
  I64 isLower = u < 0.5;
  F64 upper = 1.0 - u;
  F64 tail = (F64)((isLower & (I64)u) | (~isLower & (I64)upper));
  *p = __builtin_convertvector(tail, F32H);
  *x = __builtin_convertvector(1.0 - 2.0 * tail, F32H);
  *lower = __builtin_convertvector(isLower, I32H);
}

INLINE F32 NAME(truncated)(U32 w, const struct winit_recipe *r) {
  F32H p0, x0, p1, x1;
  I32H lower0, lower1;
  double width = r->beta - r->alpha;
  NAME(tail)((I32H)__builtin_shufflevector(w, w, LOWER), r->alpha, width, &p0, &x0, &lower0);
  NAME(tail)((I32H)__builtin_shufflevector(w, w, UPPER), r->alpha, width, &p1, &x1, &lower1);
  F32 c = NAME(core)(__builtin_shufflevector(p0, p1, WHOLE), __builtin_shufflevector(x0, x1, WHOLE));
  I32 lower = __builtin_shufflevector(lower0, lower1, WHOLE);
  return NAME(clip)((F32)((I32)c ^ (lower & (int32_t)0x80000000)), r->low, r->high);
}

INLINE U16H NAME(bfloat16)(F32 x) {
  U32 bits = (U32)x;
  return __builtin_convertvector((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, U16H);
}

// As Float.float16Bits in InitLaw/HalfPrecision.swift: a normal result rebiases, a subnormal one counts 2⁻²⁴s. The
// latter is rounded by adding 0.5, whose last place is 2⁻²⁴.
INLINE U16H NAME(float16)(F32 x) {
  U32 sign = ((U32)x >> 16) & 0x8000;
  U32 magnitude = (U32)x & 0x7FFFFFFF;
  U32 rebased = magnitude - 0x38000000;
  U32 normal = (rebased + 0xFFF + ((rebased >> 13) & 1)) >> 13;
  U32 subnormal = (U32)((F32)magnitude + 0.5f) - 0x3F000000;
  U32 isSubnormal = (U32)(magnitude < 0x38800000);
  U32 isLarge = (U32)(magnitude >= 0x47800000);
  U32 bits = (isSubnormal & subnormal) | (~isSubnormal & normal);
  bits = (isLarge & 0x7C00) | (~isLarge & bits);
  return __builtin_convertvector(sign | bits, U16H);
}

INLINE char *NAME(store)(F32 x, enum winit_format format, char *out) {
  switch (format) {
    case WINIT_FLOAT32:
      memcpy(out, &x, sizeof x);
      return out + sizeof x;
    case WINIT_FLOAT64: {
      F64 lower = __builtin_convertvector(__builtin_shufflevector(x, x, LOWER), F64);
      F64 upper = __builtin_convertvector(__builtin_shufflevector(x, x, UPPER), F64);
      memcpy(out, &lower, sizeof lower);
      memcpy(out + sizeof lower, &upper, sizeof upper);
      return out + 2 * sizeof x;
    }
    case WINIT_FLOAT16:
    case WINIT_BFLOAT16: {
      U16H bits = format == WINIT_FLOAT16 ? NAME(float16)(x) : NAME(bfloat16)(x);
      memcpy(out, &bits, sizeof bits);
      return out + sizeof bits;
    }
  }
}

INLINE F32 NAME(value)(U32 w, enum winit_law law, const struct winit_recipe *r) {
  switch (law) {
    case WINIT_UNIFORM: return NAME(clip)(NAME(uniform)(w) * r->half + r->mid, r->low, r->high);
    case WINIT_NORMAL: return NAME(normal)(w) * r->std + r->mean;
    case WINIT_TRUNCATED_NORMAL: return NAME(truncated)(w, r) * r->std + r->mean;
  }
}

// Law and format are constants where this is inlined.
INLINE size_t NAME(fill)(
    const struct winit_recipe *recipe, enum winit_law law, enum winit_format format, uint64_t block, size_t blocks,
    char *out) {
  const struct winit_recipe r = *recipe;
  uint64_t keys[20];
  uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
  for (int round = 0; round < 10; round++) {
    keys[2 * round] = k0;
    keys[2 * round + 1] = k1;
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  U64 counter = (U64){BLOCKS} + block;
  size_t done = 0;
  for (; done + VECTORS * LANES / 4 <= blocks; done += VECTORS * LANES / 4) {
    WORDS words = NAME(philox)(counter, r.stream, keys);
    counter += VECTORS * LANES / 4;
    VALUES values;
#pragma clang loop unroll(full)
    for (int i = 0; i < VECTORS; i++) values.v[i] = NAME(value)(words.v[i], law, &r);
#pragma clang loop unroll(full)
    for (int i = 0; i < VECTORS; i++) out = NAME(store)(values.v[i], format, out);
  }
  return done;
}

#define FOR_FORMATS(law)                                                                                     \
  switch (recipe->format) {                                                                                  \
    case WINIT_FLOAT32: return NAME(fill)(recipe, law, WINIT_FLOAT32, first_block, blocks, out);             \
    case WINIT_FLOAT64: return NAME(fill)(recipe, law, WINIT_FLOAT64, first_block, blocks, out);             \
    case WINIT_FLOAT16: return NAME(fill)(recipe, law, WINIT_FLOAT16, first_block, blocks, out);             \
    case WINIT_BFLOAT16: return NAME(fill)(recipe, law, WINIT_BFLOAT16, first_block, blocks, out);           \
  }

size_t NAME(winit_fill)(const struct winit_recipe *recipe, uint64_t first_block, size_t blocks, void *out) {
  switch (recipe->law) {
    case WINIT_UNIFORM: FOR_FORMATS(WINIT_UNIFORM)
    case WINIT_NORMAL: FOR_FORMATS(WINIT_NORMAL)
    case WINIT_TRUNCATED_NORMAL: FOR_FORMATS(WINIT_TRUNCATED_NORMAL)
  }
  return 0;
}

size_t NAME(winit_draws)(enum winit_law law, uint32_t first, size_t count, float *out) {
  U32 words;
  for (int i = 0; i < LANES; i++) words[i] = first + (uint32_t)i;
  size_t done = 0;
  for (; done + LANES <= count; done += LANES) {
    F32 draws = law == WINIT_UNIFORM ? NAME(uniform)(words) : NAME(normal)(words);
    memcpy(out + done, &draws, sizeof draws);
    words += LANES;
  }
  return done;
}

#undef VECTORS
#undef LANES
#undef INLINE
#undef U16H
#undef U32
#undef I32
#undef F32
#undef U64
#undef I64
#undef F64
#undef I32H
#undef F32H
#undef WORDS
#undef VALUES
#undef LOWER
#undef UPPER
#undef WHOLE
#undef EVEN
#undef ODD
#undef BLOCKS
#undef HIGH
#undef FOR_FORMATS
