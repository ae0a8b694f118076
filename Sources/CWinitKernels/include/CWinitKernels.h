// What WinitCore and the tests call besides the interface for other programs, winit_kernels.h: functions of one
// instruction set, without a choice and without checks. The names here may change between releases.
//
// What holds for every function of winit_kernels.h holds for these too. In addition, the caller guarantees that the
// processor has the instruction set named at the end of the function's name. No function checks its arguments.

#ifndef CWINIT_KERNELS_H
#define CWINIT_KERNELS_H

#include "winit_kernels.h"
#include "winit_statistics.h"

/// Computes the unit draws of consecutive words, as binary32 numbers. The tests call the function for all 2³² words.
///
/// - `law`: WINIT_UNIFORM for U(w). Every other value gives Q(w).
/// - `first`: the first word. The words are first, first + 1, …, modulo 2³².
/// - `count`: how many draws to compute at most.
/// - `out`: memory for `count` numbers.
///
/// Returns the number of draws that were computed, from the beginning of `out`: the largest multiple of the step of the
/// instruction set that is at most `count`.
typedef size_t winit_draws_function(enum winit_law law, uint32_t first, size_t count, float *out);

/// The steps of `winit_orthogonal_reflect`, for a caller that looks for a request to stop between two columns. `kernel`
/// is available, and V, T and the matrix are those of that function.
///
/// Copies the columns of a block from the matrix to V.
void winit_reflect_begin(enum winit_kernel kernel, const double *matrix, size_t height, size_t first, double *v);

/// Computes column j of V, which has `rows` rows, and τⱼ, and reflects the columns to its right. The
/// caller calls this for ascending j, skips columns beyond the width of the matrix, and sets their τ to 0.
///
/// Returns the sign of the diagonal element of R.
double winit_reflect_column(enum winit_kernel kernel, double *v, size_t rows, size_t j, double *tau);

/// Completes V, and computes T from V and its 64 τ.
void winit_reflect_end(enum winit_kernel kernel, double *v, size_t rows, const double *taus, double *t);

/// The largest number of messages that a function hashes at once.
#define WINIT_MAX_MESSAGES 16

/// Adds blocks of 64 bytes to the SHA-256 states of as many messages as the function hashes at once, `lanes` (FIPS
/// 180-4, section 6.2.2).
///
/// - `state`: 8 × `lanes` words. Word i of the state of message m is state[lanes × i + m]. The caller sets the initial
///   hash value before the first call.
/// - `messages`: `lanes` pointers, each to 64 × `blocks` bytes. They need no alignment, and several may point to the
///   same memory: to hash fewer messages, repeat one of them and ignore its result.
/// - `blocks`: how many blocks to add of every message. 0 leaves the state as it is.
///
/// The function does not pad: the caller adds the padding as a last block.
typedef void winit_sha256_function(uint32_t *state, const void *const *messages, size_t blocks);

/// A way to hash several messages at once.
struct winit_sha256_group {
  winit_sha256_function *function;  // or NULL if one message after another is faster
  size_t lanes;                     // how many messages the function hashes at once, or 1
};

/// Returns the group that hashes the first of `count` messages fastest, by the vectors of a kernel or by the SHA
/// instructions of this processor.
struct winit_sha256_group winit_sha256_group(enum winit_kernel kernel, size_t count);

#if defined(__x86_64__)
/// SHA-256 of 16 messages with AVX-512, of 8 with AVX2, of 4 with the SHA instructions and AVX2, and of 2 with the SHA
/// instructions alone.
winit_sha256_function winit_sha256_avx512, winit_sha256_avx2, winit_sha256_four, winit_sha256_two;
/// Draws with vectors of 128, 256 and 512 bits. A step is 32, 64 or 128 draws.
winit_draws_function winit_draws_sse2, winit_draws_avx2, winit_draws_avx512;
#elif defined(__aarch64__)
/// SHA-256 of 4 messages with the SHA instructions.
winit_sha256_function winit_sha256_four;
/// Draws with vectors of 128 bits. A step is 32 draws.
winit_draws_function winit_draws_neon;
#endif

#endif
