// SHA-256 (FIPS 180-4) of several messages at once, each in one 32-bit lane of a vector. sha256_lanes.c includes this file
// once for each instruction set, with LANES, the number of 32-bit lanes, and SUFFIX, the end of the names.

#define VECTOR NAME(vector)
#define PAIRS NAME(pairs)

typedef uint32_t VECTOR __attribute__((vector_size(4 * LANES)));
typedef uint64_t PAIRS __attribute__((vector_size(4 * LANES)));

INLINE VECTOR NAME(rotated)(VECTOR x, int n) { return (x >> n) | (x << (32 - n)); }

INLINE VECTOR NAME(bytes_swapped)(VECTOR x) {
  return (NAME(rotated)(x, 8) & 0xFF00FF00) | (NAME(rotated)(x, 24) & 0x00FF00FF);
}

#if LANES == 16

// Loads the 64 bytes at an offset of each message as 16 vectors, each with one word of every message. This is a
// transposition: first of words, then of pairs of words, then of the quarters of a vector.
INLINE void NAME(load)(const unsigned char *const *messages, size_t offset, VECTOR w[16]) {
  VECTOR t[16];
  UNROLL for (int i = 0; i < 16; i++) memcpy(&w[i], messages[i] + offset, sizeof w[i]);
  UNROLL for (int i = 0; i < 16; i += 2) {
    t[i] = __builtin_shufflevector(w[i], w[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    t[i + 1] = __builtin_shufflevector(w[i], w[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  }
  UNROLL for (int i = 0; i < 16; i += 4) {
    PAIRS a = (PAIRS)t[i], b = (PAIRS)t[i + 1], c = (PAIRS)t[i + 2], d = (PAIRS)t[i + 3];
    w[i] = (VECTOR)__builtin_shufflevector(a, c, 0, 8, 2, 10, 4, 12, 6, 14);
    w[i + 1] = (VECTOR)__builtin_shufflevector(a, c, 1, 9, 3, 11, 5, 13, 7, 15);
    w[i + 2] = (VECTOR)__builtin_shufflevector(b, d, 0, 8, 2, 10, 4, 12, 6, 14);
    w[i + 3] = (VECTOR)__builtin_shufflevector(b, d, 1, 9, 3, 11, 5, 13, 7, 15);
  }
  UNROLL for (int i = 0; i < 4; i++) {
    PAIRS r0 = (PAIRS)w[i], r1 = (PAIRS)w[i + 4], r2 = (PAIRS)w[i + 8], r3 = (PAIRS)w[i + 12];
    PAIRS a = __builtin_shufflevector(r0, r1, 0, 1, 4, 5, 8, 9, 12, 13);
    PAIRS b = __builtin_shufflevector(r0, r1, 2, 3, 6, 7, 10, 11, 14, 15);
    PAIRS c = __builtin_shufflevector(r2, r3, 0, 1, 4, 5, 8, 9, 12, 13);
    PAIRS d = __builtin_shufflevector(r2, r3, 2, 3, 6, 7, 10, 11, 14, 15);
    t[i] = (VECTOR)__builtin_shufflevector(a, c, 0, 1, 4, 5, 8, 9, 12, 13);
    t[i + 4] = (VECTOR)__builtin_shufflevector(b, d, 0, 1, 4, 5, 8, 9, 12, 13);
    t[i + 8] = (VECTOR)__builtin_shufflevector(a, c, 2, 3, 6, 7, 10, 11, 14, 15);
    t[i + 12] = (VECTOR)__builtin_shufflevector(b, d, 2, 3, 6, 7, 10, 11, 14, 15);
  }
  UNROLL for (int i = 0; i < 16; i++) w[i] = NAME(bytes_swapped)(t[i]);
}

#else

// Loads the 64 bytes at an offset of each message as 16 vectors, each with one word of every message. This is a
// transposition of each half: first of words, then of pairs of words, then of the halves of a vector.
INLINE void NAME(load)(const unsigned char *const *messages, size_t offset, VECTOR w[16]) {
  UNROLL for (int half = 0; half < 16; half += 8) {
    VECTOR r[8], t[8];
    UNROLL for (int i = 0; i < 8; i++) memcpy(&r[i], messages[i] + offset + 4 * half, sizeof r[i]);
    UNROLL for (int i = 0; i < 8; i += 2) {
      t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
      t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    UNROLL for (int i = 0; i < 8; i += 4) {
      PAIRS a = (PAIRS)t[i], b = (PAIRS)t[i + 1], c = (PAIRS)t[i + 2], d = (PAIRS)t[i + 3];
      r[i] = (VECTOR)__builtin_shufflevector(a, c, 0, 4, 2, 6);
      r[i + 1] = (VECTOR)__builtin_shufflevector(a, c, 1, 5, 3, 7);
      r[i + 2] = (VECTOR)__builtin_shufflevector(b, d, 0, 4, 2, 6);
      r[i + 3] = (VECTOR)__builtin_shufflevector(b, d, 1, 5, 3, 7);
    }
    UNROLL for (int i = 0; i < 4; i++) {
      PAIRS low = (PAIRS)r[i], high = (PAIRS)r[i + 4];
      w[half + i] = NAME(bytes_swapped)((VECTOR)__builtin_shufflevector(low, high, 0, 1, 4, 5));
      w[half + i + 4] = NAME(bytes_swapped)((VECTOR)__builtin_shufflevector(low, high, 2, 3, 6, 7));
    }
  }
}

#endif

ALIGNED_STACK void NAME(winit_sha256)(uint32_t *state, const void *const *messages, size_t blocks) {
  VECTOR s[8];
  memcpy(s, state, sizeof s);
  for (size_t block = 0; block < blocks; block++) {
    VECTOR w[16];
    NAME(load)((const unsigned char *const *)messages, 64 * block, w);
    VECTOR a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
    UNROLL for (int i = 0; i < 64; i++) {
      if (i >= 16) {
        VECTOR x = w[(i + 1) & 15], y = w[(i + 14) & 15];
        VECTOR sigma0 = NAME(rotated)(x, 7) ^ NAME(rotated)(x, 18) ^ (x >> 3);
        VECTOR sigma1 = NAME(rotated)(y, 17) ^ NAME(rotated)(y, 19) ^ (y >> 10);
        w[i & 15] += sigma0 + w[(i + 9) & 15] + sigma1;
      }
      VECTOR choice = (e & f) | (~e & g);
      VECTOR majority = (a & b) | (c & (a | b));
      VECTOR t1 = h + (w[i & 15] + sha256_constants[i]) + (NAME(rotated)(e, 6) ^ NAME(rotated)(e, 11) ^ NAME(rotated)(e, 25)) + choice;
      VECTOR t2 = (NAME(rotated)(a, 2) ^ NAME(rotated)(a, 13) ^ NAME(rotated)(a, 22)) + majority;
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

#undef VECTOR
#undef PAIRS
