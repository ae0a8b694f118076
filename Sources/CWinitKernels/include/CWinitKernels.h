// The law's inner loops for each instruction set. README.md says what this target is and is not.

#ifndef CWINIT_KERNELS_H
#define CWINIT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define WINIT_GROUP 32

enum winit_law { WINIT_UNIFORM, WINIT_NORMAL, WINIT_TRUNCATED_NORMAL };
enum winit_format { WINIT_FLOAT32, WINIT_FLOAT64, WINIT_FLOAT16, WINIT_BFLOAT16 };

/// A recipe: the words' seed and stream, the law with its parameters (docs/law.md, "Laws and their parameters"),
/// and the format of the elements. Parameters that the law does not have are ignored.
struct winit_recipe {
  uint64_t seed, stream;
  enum winit_law law;
  enum winit_format format;
  float half, mid, low, high, mean, std;
  double alpha, beta;
};

/// Fills `out` with the elements of blocks first_block, first_block + 1, … (block b is elements 4b … 4b + 3), as many
/// whole groups of vectors as fit into `blocks`, and gives the number of blocks filled; it stops before a multiple of
/// 2³² blocks, and does nothing where std or half is so small (below 2⁻⁹⁵, 2⁻¹⁰³) that its short cuts would round. A
/// group is at most WINIT_GROUP blocks, and divides it. `out` needs no alignment.
typedef size_t winit_fill(const struct winit_recipe *recipe, uint64_t first_block, size_t blocks, void *out);

/// Fills `out` with the unit draws (float32) of the words first, first + 1, …, as many whole groups of vectors as fit
/// into `count`, and gives their number. For tests, which try every word there is.
typedef size_t winit_draws(enum winit_law law, uint32_t first, size_t count, float *out);

/// SHA-256 of so many messages at once.
#define WINIT_MESSAGES 16

/// Takes so many 64-byte blocks of each message into its hash; word i of message m's is state[WINIT_MESSAGES × i + m].
/// Messages need no alignment, and may be the same memory.
typedef void winit_sha256(uint32_t *state, const void *const messages[WINIT_MESSAGES], size_t blocks);

/// C[i] += (or −=) Σₖ a(i, k) × B[k], k ascending, one product and one sum at a time, for rows of 16 binary64: row i of C is
/// at c + i × c_row, row k of B at b + k × b_row, and a(i, k) at a + i × a_row + k × a_k.
typedef void winit_update(
    double *c, size_t c_row, const double *a, size_t a_row, size_t a_k, const double *b, size_t b_row, size_t rows,
    size_t count, int subtract);

#if defined(__x86_64__)
winit_sha256 winit_sha256_avx512;
winit_fill winit_fill_sse2, winit_fill_avx2, winit_fill_avx512;
winit_draws winit_draws_sse2, winit_draws_avx2, winit_draws_avx512;
winit_update winit_update_sse2, winit_update_avx2, winit_update_avx512;
/// Whether the processor and the system have the instructions that a kernel uses.
int winit_has_avx2(void);
int winit_has_avx512(void);
#elif defined(__aarch64__)
winit_fill winit_fill_neon;
winit_draws winit_draws_neon;
winit_update winit_update_neon;
#endif

#endif
