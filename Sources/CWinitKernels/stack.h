// The alignment of the stack of functions that keep vectors there.

#ifndef WINIT_STACK_H
#define WINIT_STACK_H

/// Aligns the stack of a function to its widest vector. The stack of x86-64 is aligned to 16 bytes, and clang does not
/// align it further in a function that uses every general register. Vectors of 32 and 64 bytes that do not fit into
/// registers then cross lines of the cache, or do not, depending on the caller: on a core of an AMD EPYC (family 26), the
/// AVX2 kernel computed 1,115 or 2,150 M words/s. A function whose stack clang does not align has this attribute.
#if defined(__x86_64__)
#define ALIGNED_STACK __attribute__((force_align_arg_pointer))
#else
#define ALIGNED_STACK
#endif

#endif
