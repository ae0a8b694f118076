// The floating-point mode of the law: round to nearest, ties to even, and keep subnormal numbers. And the
// square root as an instruction: the compiler's own may call the math library.

#ifndef WINIT_ARITHMETIC_H
#define WINIT_ARITHMETIC_H

#include <stdint.h>

#if defined(__x86_64__)

// MXCSR after a reset: all exceptions masked, round to nearest, neither flush to zero nor denormals are zero. The low
// six bits are sticky flags of past exceptions, which change no result.
static inline __attribute__((always_inline)) uint64_t arithmetic_enter(void) {
  uint32_t mode, law = 0x1F80;
  __asm__ volatile("stmxcsr %0" : "=m"(mode) : : "memory");
  if ((mode & ~0x3Fu) != law) __asm__ volatile("ldmxcsr %0" : : "m"(law) : "memory");
  return mode;
}

static inline __attribute__((always_inline)) void arithmetic_leave(uint64_t saved) {
  uint32_t mode = (uint32_t)saved;
  if ((mode & ~0x3Fu) != 0x1F80) __asm__ volatile("ldmxcsr %0" : : "m"(mode) : "memory");
}

static inline __attribute__((always_inline)) double arithmetic_sqrt(double x) {
  double root;
  __asm__("sqrtsd %1, %0" : "=x"(root) : "x"(x));
  return root;
}

#elif defined(__aarch64__)

// FPCR after a reset: 0.
static inline __attribute__((always_inline)) uint64_t arithmetic_enter(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode) : : "memory");
  if (mode != 0) __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0) : "memory");
  return mode;
}

static inline __attribute__((always_inline)) void arithmetic_leave(uint64_t mode) {
  if (mode != 0) __asm__ volatile("msr fpcr, %0" : : "r"(mode) : "memory");
}

static inline __attribute__((always_inline)) double arithmetic_sqrt(double x) {
  double root;
  __asm__("fsqrt %d0, %d1" : "=w"(root) : "w"(x));
  return root;
}

#else
#error "the kernels are written for x86-64 and 64-bit Arm"
#endif

#endif
