// The C interface of winit-registry's kernels: the elements of a tensor from its recipe, and SHA-256.
//
// Any language that calls C can use it. The functions compute the bits that docs/law.md defines, in any piece and on
// any number of threads, without a registry.
//
//     struct winit_recipe recipe = {.seed = 42, .stream = stream, .law = WINIT_NORMAL, .std = 0.02f};
//     enum winit_status status = winit_fill(WINIT_KERNEL_BEST, &recipe, 0, count, weights);
//
// The stream of a tensor is the first eight bytes, little-endian, of the SHA-256 of its name (docs/law.md, "Words").
//
// What holds for every function of this header:
//
// - No function allocates memory, does input or output, or sets errno. The only state is which instruction sets the
//   processor has. Any number of threads may call any function at the same time, provided that no two of them write to
//   the same memory.
// - The caller guarantees that every pointer is valid for the stated size, and that inputs and outputs do not overlap.
//   A pointer needs no more alignment than its type, and a `void *` needs none. A pointer to no elements may be NULL.
// - A function works in the floating-point mode of the law, in whatever mode its thread is: it rounds to nearest, ties
//   to even, and keeps subnormal numbers. It restores the mode of the thread before it returns.
// - Every kernel gives the same bits. They depend neither on the kernel nor on how a range is cut into calls.
// - Elements are stored little-endian, which is the byte order of every supported processor.
// - A function that returns `enum winit_status` writes nothing unless it returns WINIT_OK.
//
// Versions: `winit_kernels_version` returns the version of the interface that a library has. A program that loads the
// library at run time compares it with WINIT_KERNELS_VERSION, and compares `winit_kernels_layout` with the layouts of
// its own declarations. A new function or enumerator raises the minor version; a change of a function, a struct or a
// number that a caller may have raises the major version. Bits never change, with any version.
//
// The header is C11 and C++11.

#ifndef WINIT_KERNELS_H
#define WINIT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(WINIT_KERNELS_BUILD)
#define WINIT_API __declspec(dllexport)
#elif defined(_WIN32)
#define WINIT_API
#else
#define WINIT_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this interface: the major version × 65536 + the minor version.
#define WINIT_KERNELS_VERSION 0x10000

/// Returns the version of the interface that the library has: its WINIT_KERNELS_VERSION.
WINIT_API uint32_t winit_kernels_version(void);

/// Reports the layouts with which the library was compiled.
///
/// - `numbers`: memory for `capacity` numbers, which may be NULL if `capacity` is 0. The function writes, in this
///   order, as many as fit: the size of `struct winit_recipe`, the offsets of its members in their order (seed, stream,
///   law, format, half, mid, low, high, mean, std, alpha, beta), WINIT_MAX_RANK, WINIT_ORTHOGONAL_BLOCK,
///   WINIT_ORTHOGONAL_PANEL, WINIT_ORTHOGONAL_SCRATCH.
///
/// Returns how many numbers there are. Later versions only add numbers at the end.
WINIT_API size_t winit_kernels_layout(size_t *numbers, size_t capacity);

/// What a function did.
enum winit_status {
  /// The function did what it is documented to do.
  WINIT_OK = 0,
  /// An argument is not allowed: an unknown law or format, a range beyond 2⁶⁴, a box that is not within its tensor, a
  /// rank above WINIT_MAX_RANK.
  WINIT_BAD_ARGUMENT = 1,
  /// There is no such kernel, or this processor cannot run it.
  WINIT_NO_KERNEL = 2
};

/// The kernels: implementations with the vectors of an instruction set.
enum winit_kernel {
  /// The widest kernel that this processor can run.
  WINIT_KERNEL_BEST = 0,
  /// 128-bit vectors, which every x86-64 processor has.
  WINIT_KERNEL_SSE2 = 1,
  /// 256-bit vectors (AVX2, and F16C for half precision).
  WINIT_KERNEL_AVX2 = 2,
  /// 512-bit vectors (AVX-512 F, DQ, BW and VL).
  WINIT_KERNEL_AVX512 = 3,
  /// 128-bit vectors, which every 64-bit Arm processor has.
  WINIT_KERNEL_NEON = 4
};

/// Returns the kernel that WINIT_KERNEL_BEST stands for on this processor. It is never WINIT_KERNEL_BEST.
WINIT_API enum winit_kernel winit_kernel_best(void);
/// Returns 1 if this processor can run a kernel, else 0. WINIT_KERNEL_BEST can always be run.
WINIT_API int winit_kernel_is_available(enum winit_kernel kernel);
/// Returns the name of a kernel: "sse2", "avx2", "avx512" or "neon"; of WINIT_KERNEL_BEST, the name of the kernel that
/// it stands for. Returns NULL if there is no such kernel. The text is static.
WINIT_API const char *winit_kernel_name(enum winit_kernel kernel);

/// The laws that have a kernel.
enum winit_law {
  /// min(max(U(w) × half + mid, low), high)
  WINIT_UNIFORM = 0,
  /// Q(w) × std + mean
  WINIT_NORMAL = 1,
  /// T(w) × std + mean, with the cuts low and high and their probabilities alpha and beta
  WINIT_TRUNCATED_NORMAL = 2,
  /// The words themselves, as 32-bit unsigned integers. The format is ignored: an element has 4 bytes.
  WINIT_WORDS = 3
};

/// The formats of elements. The value of a law is a binary32 number, which is then converted.
enum winit_format {
  /// IEEE 754 binary32, 4 bytes, not converted
  WINIT_FLOAT32 = 0,
  /// IEEE 754 binary64, 8 bytes, an exact conversion
  WINIT_FLOAT64 = 1,
  /// IEEE 754 binary16, 2 bytes, rounded to nearest, ties to even
  WINIT_FLOAT16 = 2,
  /// The upper half of a binary32 number, 2 bytes, rounded to nearest, ties to even
  WINIT_BFLOAT16 = 3
};

/// A recipe: where the words come from, the law with its parameters, and the format of the elements.
///
/// The parameters are those of docs/law.md, "Laws and their parameters", after rounding and checking. A function
/// ignores the parameters that its law does not have. It does not check the others: they must be finite, half must not
/// be negative, and low must be below high. Otherwise the values are unspecified.
///
/// The struct has 64 bytes on every supported platform; its enumerations have 4.
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

/// Fills memory with the elements start ..< start + count of a tensor, in row-major order.
///
/// - `start`: the index of the first element, any number. Long ranges are fastest: each end of a range costs as much as
///   128 elements at most, and a start that is a multiple of 4 costs nothing.
/// - `count`: how many elements; start + count is at most 2⁶⁴.
/// - `out`: memory for `count` elements of the recipe's format.
WINIT_API enum winit_status winit_fill(
    enum winit_kernel kernel, const struct winit_recipe *recipe, uint64_t start, uint64_t count, void *out);

/// The maximum number of axes of a box.
#define WINIT_MAX_RANK 64

/// Fills memory with the elements of a box of a tensor, each at its place in an array of any strides.
///
/// The element at [i, j, …] of the box is the element at [offset[0] + i, offset[1] + j, …] of the tensor. It is written
/// at the byte out + i × strides[0] + j × strides[1] + …
///
/// - `rank`: the number of axes, at most WINIT_MAX_RANK. A tensor of rank 0 has one element.
/// - `shape`: the `rank` lengths of the tensor's axes.
/// - `offset`, `size`: where the box begins on each axis, and how long it is. A box without elements is allowed.
/// - `strides`: the distances in bytes between neighbors of the box in the output, which may be negative. NULL stands
///   for those of an array in row-major order.
/// - `first`: the index of the word of the tensor's first element; the others follow in row-major order, modulo 2⁶⁴. It
///   is 0 for the elements of a tensor, and 2⁶³ for the keys of the law `sparse`.
/// - `out`: where the first element of the box is written.
///
/// A part with a stream of its own is a tensor for this function: its box is the shape, and its stream the recipe's.
WINIT_API enum winit_status winit_fill_box(
    enum winit_kernel kernel, const struct winit_recipe *recipe, size_t rank, const uint64_t *shape,
    const uint64_t *offset, const uint64_t *size, const int64_t *strides, uint64_t first, void *out);

/// The number of columns that the law `orthogonal` reflects together.
#define WINIT_ORTHOGONAL_BLOCK 64
/// The number of columns of a panel, which are adjacent in memory.
#define WINIT_ORTHOGONAL_PANEL 16
/// How many numbers the scratch memory of `winit_orthogonal_apply` has.
#define WINIT_ORTHOGONAL_SCRATCH 8192

/// Computes one block of reflections of the law `orthogonal` (docs/law.md, "Orthogonal", steps 1 and 2).
///
/// The matrix is in panels of 16 columns: the element at [k, c] is matrix[(c / 16 × height + k) × 16 + c % 16]. Columns
/// beyond the width, up to a multiple of WINIT_ORTHOGONAL_BLOCK, are part of the memory and are zero.
///
/// - `height`, `width`: the shape of the matrix, height ≥ width.
/// - `first`: the first column of the block, a multiple of WINIT_ORTHOGONAL_BLOCK below the width.
/// - `v`: receives V: (height − first) × 64 numbers in row-major order.
/// - `t`: receives T: 64 × 64 numbers in row-major order.
/// - `signs`: receives 64 signs, 1 or −1; those of columns beyond the width are 1.
WINIT_API enum winit_status winit_orthogonal_reflect(
    enum winit_kernel kernel, const double *matrix, size_t height, size_t width, size_t first, double *v, double *t,
    double *signs);

/// Applies a block of reflections to panels of a matrix (docs/law.md, "Orthogonal", step 3, and what follows it).
///
/// - `matrix`, `height`: the matrix in panels, as for `winit_orthogonal_reflect`.
/// - `first`, `v`, `t`: a block of reflections.
/// - `transposed`: 1 for step 3 (W' = Tᵀ W), 0 for the second half (W' = T W).
/// - `panel`, `panels`: which panels: panel ..< panel + panels. Threads may share the panels out.
/// - `scratch`: WINIT_ORTHOGONAL_SCRATCH numbers of memory, of each thread its own.
WINIT_API enum winit_status winit_orthogonal_apply(
    enum winit_kernel kernel, double *matrix, size_t height, size_t first, const double *v, const double *t,
    int transposed, size_t panel, size_t panels, double *scratch);

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
WINIT_API enum winit_status winit_update(
    enum winit_kernel kernel, double *c, size_t c_row, const double *a, size_t a_row, size_t a_k, const double *b,
    size_t b_row, size_t rows, size_t count, int subtract);

/// Computes the SHA-256 (FIPS 180-4) of several messages.
///
/// Sixteen messages are hashed at once with WINIT_KERNEL_AVX512, otherwise four where the processor has SHA
/// instructions (two where it lacks AVX2), eight with WINIT_KERNEL_AVX2 where it has none, and one elsewhere.
///
/// - `count`: the number of messages.
/// - `messages`, `lengths`: where each message begins, and how many bytes it has, below 2⁶¹.
/// - `digests`: receives 32 bytes for each message.
WINIT_API enum winit_status winit_sha256(
    enum winit_kernel kernel, size_t count, const void *const *messages, const uint64_t *lengths,
    unsigned char *digests);

/// Returns how many messages `winit_sha256` hashes at once: 16, 8, 4, 2 or 1.
WINIT_API size_t winit_sha256_lanes(enum winit_kernel kernel);

/// Puts the calling thread into the floating-point mode of the law, and returns the mode that it was in. A caller that
/// computes more bits than the functions of this header do calls this function first.
WINIT_API uint64_t winit_arithmetic_enter(void);
/// Puts the calling thread back into a mode that `winit_arithmetic_enter` returned.
WINIT_API void winit_arithmetic_leave(uint64_t mode);

#ifdef __cplusplus
}
#endif

#endif
