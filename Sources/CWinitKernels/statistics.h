// The loops over elements of a diagnosis at one vector width. kernels.c includes this file once for each instruction
// set. Every sum has eight lanes and one order, so the bits do not depend on the width.

#define EIGHT_DOUBLES NAME(eight_doubles)
#define EIGHT_FLOATS NAME(eight_floats)
#define EIGHT_LONGS NAME(eight_longs)
#define EIGHT_INTS NAME(eight_ints)
#define EIGHT_SHORTS NAME(eight_shorts)

typedef double EIGHT_DOUBLES __attribute__((vector_size(64)));
typedef uint64_t EIGHT_LONGS __attribute__((vector_size(64)));
typedef float EIGHT_FLOATS __attribute__((vector_size(32)));
typedef uint32_t EIGHT_INTS __attribute__((vector_size(32)));
typedef uint16_t EIGHT_SHORTS __attribute__((vector_size(16)));

// The sum of the lanes, in one order.
static inline __attribute__((always_inline)) double NAME(ordered_sum)(EIGHT_DOUBLES v) {
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

// The values of eight elements. Adding 0 makes −0 to 0.
static inline __attribute__((always_inline)) EIGHT_DOUBLES NAME(read_eight)(const char *bytes, const int format) {
  if (format == WINIT_FLOAT64) {
    EIGHT_DOUBLES value;
    memcpy(&value, bytes, sizeof value);
    return value + 0.0;
  }
  if (format == WINIT_FLOAT32) {
    EIGHT_FLOATS value;
    memcpy(&value, bytes, sizeof value);
    return __builtin_convertvector(value, EIGHT_DOUBLES) + 0.0;
  }
  EIGHT_SHORTS bits;
  memcpy(&bits, bytes, sizeof bits);
  if (format == WINIT_BFLOAT16) {
    EIGHT_INTS wide = __builtin_convertvector(bits, EIGHT_INTS) << 16;
    return __builtin_convertvector((EIGHT_FLOATS)wide, EIGHT_DOUBLES) + 0.0;
  }
  // The exponent and the fraction of binary16 are those of a binary64 number times 2¹⁰⁰⁸, the difference of the biases.
  EIGHT_LONGS wide = __builtin_convertvector(bits, EIGHT_LONGS);
  EIGHT_DOUBLES magnitude = (EIGHT_DOUBLES)((wide & 0x7FFF) << 42) * 0x1p1008;
  EIGHT_LONGS special = (EIGHT_LONGS)((wide & 0x7C00) == 0x7C00) & 0x7FF0000000000000;
  return (EIGHT_DOUBLES)((EIGHT_LONGS)magnitude | special | (wide & 0x8000) << 48) + 0.0;
}

static inline __attribute__((always_inline)) void NAME(read_format)(
    const char *bytes, size_t count, double *values, const int format) {
  const size_t size = format == WINIT_FLOAT64 ? 8 : format == WINIT_FLOAT32 ? 4 : 2;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    EIGHT_DOUBLES value = NAME(read_eight)(bytes + i * size, format);
    memcpy(values + i, &value, sizeof value);
  }
  if (i == count) return;
  char rest[64] = {0};
  memcpy(rest, bytes + i * size, (count - i) * size);
  EIGHT_DOUBLES value = NAME(read_eight)(rest, format);
  memcpy(values + i, &value, (count - i) * sizeof *values);
}

static void NAME(read_values)(const char *bytes, size_t count, unsigned format, double *values) {
  switch (format) {
    case WINIT_FLOAT32: NAME(read_format)(bytes, count, values, WINIT_FLOAT32); break;
    case WINIT_BFLOAT16: NAME(read_format)(bytes, count, values, WINIT_BFLOAT16); break;
    case WINIT_FLOAT16: NAME(read_format)(bytes, count, values, WINIT_FLOAT16); break;
    case WINIT_FLOAT64: NAME(read_format)(bytes, count, values, WINIT_FLOAT64); break;
  }
}

static inline __attribute__((always_inline)) EIGHT_DOUBLES NAME(choose)(
    EIGHT_LONGS condition, EIGHT_DOUBLES yes, EIGHT_DOUBLES no) {
  return (EIGHT_DOUBLES)((condition & (EIGHT_LONGS)yes) | (~condition & (EIGHT_LONGS)no));
}

// The next values, at most eight, and a number in the other lanes.
static inline __attribute__((always_inline)) EIGHT_DOUBLES NAME(load_eight)(
    const double *values, size_t count, double other) {
  EIGHT_DOUBLES value = (EIGHT_DOUBLES){0} + other;
  if (count >= 8) memcpy(&value, values, sizeof value);
  else memcpy(&value, values, count * sizeof *values);
  return value;
}

struct NAME(scan) {
  EIGHT_DOUBLES low, high, sum, difference;
  EIGHT_LONGS nonzero;
};

// - `added`: `value`, with 0 in the lanes without an element.
static inline __attribute__((always_inline)) void NAME(scan_eight)(
    struct NAME(scan) *scan, EIGHT_DOUBLES value, EIGHT_DOUBLES added) {
  scan->low = NAME(choose)((EIGHT_LONGS)(value < scan->low), value, scan->low);
  scan->high = NAME(choose)((EIGHT_LONGS)(value > scan->high), value, scan->high);
  scan->difference += value - value;  // 0 for a finite value, and NaN for any other
  scan->nonzero += (EIGHT_LONGS)(added != 0.0);  // −1 in each such lane
  scan->sum += added;
}

static struct winit_scan NAME(scan_values)(const double *values, size_t count) {
  struct NAME(scan) scan;
  scan.low = scan.high = (EIGHT_DOUBLES){0} + values[0];
  scan.sum = scan.difference = (EIGHT_DOUBLES){0};
  scan.nonzero = (EIGHT_LONGS){0};
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    EIGHT_DOUBLES value = NAME(load_eight)(values + i, 8, 0);
    NAME(scan_eight)(&scan, value, value);
  }
  if (i < count) {
    NAME(scan_eight)(
        &scan, NAME(load_eight)(values + i, count - i, values[0]), NAME(load_eight)(values + i, count - i, 0));
  }
  struct winit_scan found = {.low = scan.low[0], .high = scan.high[0], .zeros = count};
  for (int lane = 0; lane < 8; lane++) {
    if (scan.low[lane] < found.low) found.low = scan.low[lane];
    if (scan.high[lane] > found.high) found.high = scan.high[lane];
    found.zeros += scan.nonzero[lane];
  }
  found.sum = NAME(ordered_sum)(scan.sum);
  found.is_finite = NAME(ordered_sum)(scan.difference) == 0;
  return found;
}

static inline __attribute__((always_inline)) void NAME(add_powers)(
    EIGHT_DOUBLES powers[4], EIGHT_DOUBLES value, double center) {
  EIGHT_DOUBLES d = value - center, square = d * d;
  powers[0] += d;
  powers[1] += square;
  powers[2] += square * d;
  powers[3] += square * square;
}

static void NAME(sum_powers)(const double *values, size_t count, double center, double sums[4]) {
  EIGHT_DOUBLES powers[4] = {{0}};
  size_t i = 0;
  for (; i + 8 <= count; i += 8) NAME(add_powers)(powers, NAME(load_eight)(values + i, 8, 0), center);
  if (i < count) NAME(add_powers)(powers, NAME(load_eight)(values + i, count - i, center), center);
  for (int power = 0; power < 4; power++) sums[power] = NAME(ordered_sum)(powers[power]);
}

static inline __attribute__((always_inline)) void NAME(count_eight)(
    EIGHT_DOUBLES value, size_t present, const struct winit_intervals *intervals, int64_t *counts) {
  // The sum with 2²² has 30 bits behind the point, so that its bits hold the integer part.
  EIGHT_LONGS place = (EIGHT_LONGS)((value * intervals->scale[0] * intervals->scale[1] - intervals->first) + 0x1p22);
  EIGHT_INTS index = __builtin_convertvector(place >> 30 & 0x3FFFFF, EIGHT_INTS);
  EIGHT_INTS last = (EIGHT_INTS){0} + (uint32_t)(intervals->capacity - 1), beyond = (EIGHT_INTS)(index > last);
  index = (beyond & last) | (~beyond & index);
  for (size_t lane = 0; lane < present; lane++) counts[index[lane]]++;
}

static void NAME(count_values)(
    const double *values, size_t count, const struct winit_intervals *intervals, int64_t *counts) {
  const struct winit_intervals known = *intervals;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) NAME(count_eight)(NAME(load_eight)(values + i, 8, 0), 8, &known, counts);
  if (i < count) NAME(count_eight)(NAME(load_eight)(values + i, count - i, 0), count - i, &known, counts);
}

// The bits of values, of which binary32 holds all unless they are wide. The upper bits are mixed into the lower ones, so
// that a large power of two seldom divides the difference of two results. Only 0 gives 0.
static inline __attribute__((always_inline)) EIGHT_LONGS NAME(hash_bits)(EIGHT_DOUBLES value, const int is_wide) {
  if (is_wide) {
    EIGHT_LONGS bits = (EIGHT_LONGS)value;
    return bits ^ bits >> 32 ^ bits >> 48;
  }
  EIGHT_INTS bits = (EIGHT_INTS)__builtin_convertvector(value, EIGHT_FLOATS);
  return __builtin_convertvector(bits ^ bits >> 16 ^ bits >> 23, EIGHT_LONGS);
}

// The product modulo 2⁶⁴.
static inline __attribute__((always_inline)) EIGHT_LONGS NAME(hash_term)(
    EIGHT_LONGS bits, EIGHT_LONGS factor, const int is_wide) {
  if (is_wide) return bits * factor;
  // Narrow multiplications, which all processors have.
  return bits * (factor & 0xFFFFFFFF) + (bits * (factor >> 32) << 32);
}

// Adds the terms of at most eight values to one side.
static inline __attribute__((always_inline)) void NAME(hash_eight)(
    EIGHT_LONGS bits, size_t i, size_t present, const struct winit_hash_side *side, EIGHT_LONGS *sum,
    const int is_wide) {
  EIGHT_LONGS factor = {0}, hashes = {0};
  if (side->factors) {
    memcpy(&factor, side->factors + i, present * sizeof(uint64_t));
    *sum += NAME(hash_term)(bits, factor, is_wide);
  } else {
    memcpy(&hashes, side->hashes + i, present * sizeof(uint64_t));
    hashes += NAME(hash_term)(bits, factor + side->factor, is_wide);
    memcpy(side->hashes + i, &hashes, present * sizeof(uint64_t));
  }
}

static inline __attribute__((always_inline)) void NAME(hash_sides)(
    const double *values, size_t count, const struct winit_hash_side *sides, const int side_count, const int is_wide) {
  EIGHT_LONGS sums[2] = {{0}};
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    EIGHT_LONGS bits = NAME(hash_bits)(NAME(load_eight)(values + i, 8, 0), is_wide);
#pragma clang loop unroll(full)
    for (int s = 0; s < side_count; s++) NAME(hash_eight)(bits, i, 8, &sides[s], &sums[s], is_wide);
  }
  if (i < count) {
    EIGHT_LONGS bits = NAME(hash_bits)(NAME(load_eight)(values + i, count - i, 0), is_wide);
#pragma clang loop unroll(full)
    for (int s = 0; s < side_count; s++) NAME(hash_eight)(bits, i, count - i, &sides[s], &sums[s], is_wide);
  }
  for (int s = 0; s < side_count; s++) {
    if (!sides[s].factors) continue;
    for (int lane = 0; lane < 8; lane++) sides[s].hashes[0] += sums[s][lane];
  }
}

static void NAME(hash_values)(
    const double *values, size_t count, const struct winit_hash_side *sides, size_t side_count, int is_wide) {
  if (side_count == 2 && !is_wide) NAME(hash_sides)(values, count, sides, 2, 0);
  else if (side_count == 2) NAME(hash_sides)(values, count, sides, 2, 1);
  else if (!is_wide) NAME(hash_sides)(values, count, sides, 1, 0);
  else NAME(hash_sides)(values, count, sides, 1, 1);
}

#undef EIGHT_DOUBLES
#undef EIGHT_FLOATS
#undef EIGHT_LONGS
#undef EIGHT_INTS
#undef EIGHT_SHORTS
