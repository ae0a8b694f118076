// The inner loops of the laws, compiled once for each instruction set. README.md describes the target.
//
// What holds for every function of this header:
//
// - No function allocates memory, keeps state between calls, does input or output, or sets errno. Any number of threads
//   may call any function at the same time, provided that no two of them write to the same memory.
// - The caller guarantees that every pointer is valid for the stated size, that inputs and outputs do not overlap, and
//   that the processor has the instruction set named at the end of the function's name. No function checks this.
// - No pointer needs more alignment than its type. A `void *` needs none.
// - A function works in the floating-point mode of the law, in whatever mode its thread is: it rounds to nearest, ties
//   to even, and keeps subnormal numbers (neither flushes them to zero on output nor reads them as zero on input). It
//   restores the mode of the thread before it returns.
// - Every variant of a function gives the same bits as docs/law.md and as Sources/WinitCore/Random/UnitDraw.swift.
// - Elements are stored in the byte order of the processor. Canonical bytes are little-endian, and so is every
//   supported processor.
//
// The header is C11. Its names and layouts may change between releases: it serves this package, not other programs.

#ifndef CWINIT_KERNELS_H
#define CWINIT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// The largest number of blocks that any `winit_fill` function fills in one step. A block is four elements. The step of
/// every function divides this number, so a request for WINIT_GROUP blocks is filled completely, except for the two
/// reasons to stop that `winit_fill` documents.
#define WINIT_GROUP 32

/// The laws that have a kernel. The other laws are built from these or from constants, in Swift.
enum winit_law {
  /// min(max(U(w) × half + mid, low), high)
  WINIT_UNIFORM,
  /// Q(w) × std + mean
  WINIT_NORMAL,
  /// T(w) × std + mean, with the cuts low and high and their probabilities alpha and beta
  WINIT_TRUNCATED_NORMAL
};

/// The formats of elements. The value of a law is a binary32 number, which is then converted.
enum winit_format {
  /// IEEE 754 binary32, 4 bytes, not converted
  WINIT_FLOAT32,
  /// IEEE 754 binary64, 8 bytes, an exact conversion
  WINIT_FLOAT64,
  /// IEEE 754 binary16, 2 bytes, rounded to nearest, ties to even
  WINIT_FLOAT16,
  /// The upper half of a binary32 number, 2 bytes, rounded to nearest, ties to even
  WINIT_BFLOAT16
};

/// A recipe: where the words come from, the law with its parameters, and the format of the elements.
///
/// The parameters are those of docs/law.md, "Laws and their parameters", after rounding and checking. A function
/// ignores the parameters that its law does not have. It does not check the others: they must be finite, half must not
/// be negative, and low must be below high.
struct winit_recipe {
  /// The seed of the run, which is the key of the generator.
  uint64_t seed;
  /// The stream of the tensor, which is the upper half of the counter.
  uint64_t stream;
  enum winit_law law;
  enum winit_format format;
  /// Parameters of WINIT_UNIFORM: half of the range's width, and its middle.
  float half, mid;
  /// Parameters of WINIT_UNIFORM, in units of the values, and of WINIT_TRUNCATED_NORMAL, in standard deviations.
  float low, high;
  /// Parameters of WINIT_NORMAL and WINIT_TRUNCATED_NORMAL.
  float mean, std;
  /// Parameters of WINIT_TRUNCATED_NORMAL: Φ(low) and Φ(high).
  double alpha, beta;
};

/// Fills memory with consecutive elements of a tensor.
///
/// Block b holds the elements 4b, 4b + 1, 4b + 2 and 4b + 3 of the tensor in row-major order. The function works in
/// steps of a fixed number of blocks, which depends on the instruction set and divides WINIT_GROUP. It fills only whole
/// steps, so the caller fills the rest with the scalar definition.
///
/// - `recipe`: the recipe. The function reads it and does not keep the pointer.
/// - `first_block`: the index of the first block, any 64-bit number.
/// - `blocks`: how many blocks to fill at most.
/// - `out`: memory for `blocks` blocks: 4 × `blocks` elements of the recipe's format. It needs no alignment.
///
/// Returns the number of blocks that were filled, from the beginning of `out`. The memory after them keeps its
/// contents. The number is the largest multiple of the step that is at most `blocks`, except that the function
///
/// - does not pass the next multiple of 2³² blocks, and returns 0 if fewer blocks than a step remain before it;
/// - returns 0 if the law is WINIT_NORMAL and std is not 0 and below 2⁻⁹⁵ in magnitude, or the law is WINIT_UNIFORM and
///   half is above 0 and below 2⁻¹⁰³. The loop scales its draws by a power of two, and such a scale would be rounded.
///
/// A caller therefore needs the scalar definition as well: for the rest after the last whole step, around multiples of
/// 2³² blocks, and for tiny scales.
typedef size_t winit_fill(const struct winit_recipe *recipe, uint64_t first_block, size_t blocks, void *out);

/// Computes the unit draws of consecutive words, as binary32 numbers. The tests call the function for all 2³² words.
///
/// - `law`: WINIT_UNIFORM for U(w). Every other value gives Q(w).
/// - `first`: the first word. The words are first, first + 1, …, modulo 2³².
/// - `count`: how many draws to compute at most.
/// - `out`: memory for `count` numbers.
///
/// Returns the number of draws that were computed, from the beginning of `out`: the largest multiple of the step of
/// `winit_fill`, counted in elements, that is at most `count`.
typedef size_t winit_draws(enum winit_law law, uint32_t first, size_t count, float *out);

/// The number of messages that `winit_sha256` hashes at once.
#define WINIT_MESSAGES 16

/// Adds blocks of 64 bytes to the SHA-256 state of each of WINIT_MESSAGES messages (FIPS 180-4, section 6.2.2).
///
/// - `state`: 8 × WINIT_MESSAGES words. Word i of the state of message m is state[WINIT_MESSAGES × i + m]. The caller
///   sets the initial hash value before the first call.
/// - `messages`: WINIT_MESSAGES pointers, each to 64 × `blocks` bytes. They need no alignment, and several may point to
///   the same memory: to hash fewer messages, repeat one of them and ignore its result.
/// - `blocks`: how many blocks to add of every message. 0 leaves the state as it is.
///
/// The function does not pad: the caller adds the padding as a last block.
typedef void winit_sha256(uint32_t *state, const void *const messages[WINIT_MESSAGES], size_t blocks);

/// Adds a product of matrices to rows of 16 binary64 numbers, or subtracts it:
///
///     C[i] = C[i] ± a(i, 0) × B[0] ± a(i, 1) × B[1] ± … ± a(i, count − 1) × B[count − 1]      for 0 ≤ i < rows
///
/// The terms are added in this order, one product and one sum at a time, each rounded to binary64.
///
/// - `c`, `c_row`: row i of C is the 16 numbers at c + i × c_row. Rows must not overlap.
/// - `a`, `a_row`, `a_k`: a(i, k) is the number at a + i × a_row + k × a_k.
/// - `b`, `b_row`: row k of B is the 16 numbers at b + k × b_row.
/// - `rows`, `count`: how many rows C has, and how many rows B has. If either is 0, C keeps its contents.
/// - `subtract`: 0 to add, any other value to subtract.
///
/// Distances count binary64 numbers, not bytes.
typedef void winit_update(
    double *c, size_t c_row, const double *a, size_t a_row, size_t a_k, const double *b, size_t b_row, size_t rows,
    size_t count, int subtract);

/// Puts the calling thread into the floating-point mode of the law, and returns the mode that it was in. A caller that
/// computes more bits than the functions of this header do calls this function first.
uint64_t winit_arithmetic_enter(void);
/// Puts the calling thread back into a mode that `winit_arithmetic_enter` returned.
void winit_arithmetic_leave(uint64_t mode);

#if defined(__x86_64__)
/// SHA-256 with the instruction set of `winit_has_avx512`. There is no other variant: with narrower vectors, one
/// message after another is faster.
winit_sha256 winit_sha256_avx512;
/// Fills with vectors of 128 bits (every x86-64 processor), 256 bits (`winit_has_avx2`) and 512 bits
/// (`winit_has_avx512`). A step is 8, 16 or 32 blocks.
winit_fill winit_fill_sse2, winit_fill_avx2, winit_fill_avx512;
/// Draws with the same vectors. A step is 32, 64 or 128 draws.
winit_draws winit_draws_sse2, winit_draws_avx2, winit_draws_avx512;
/// Matrix products with the same vectors.
winit_update winit_update_sse2, winit_update_avx2, winit_update_avx512;
/// Returns a number other than 0 if the processor and the operating system support AVX2.
int winit_has_avx2(void);
/// Returns a number other than 0 if the processor and the operating system support AVX-512 F, DQ, BW and VL.
int winit_has_avx512(void);
#elif defined(__aarch64__)
/// Fills with vectors of 128 bits, which every 64-bit Arm processor has. A step is 8 blocks.
winit_fill winit_fill_neon;
/// Draws with the same vectors. A step is 32 draws.
winit_draws winit_draws_neon;
/// Matrix products with the same vectors.
winit_update winit_update_neon;
#endif

#endif
