// What the processor can run. On x86-64 the answer is computed once, because `cpuid` leaves a virtual machine.

#ifndef WINIT_PROCESSOR_H
#define WINIT_PROCESSOR_H

#include <stdatomic.h>
#include <stdint.h>

enum { PROCESSOR_KNOWN = 1, PROCESSOR_AVX2 = 2, PROCESSOR_AVX512 = 4, PROCESSOR_SHA = 8 };

#if defined(__x86_64__)

#include <cpuid.h>

static inline uint32_t processor_detect(void) {
  uint32_t a, b, c, d, found = PROCESSOR_KNOWN;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const int has_sse41 = (c >> 19) & 1, has_f16c = (c >> 29) & 1;
  uint32_t saved = 0;  // which registers the operating system saves
  if ((c >> 27) & (c >> 28) & 1) {
    uint32_t upper;
    __asm__ volatile("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
  }
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  // Every processor with AVX2 has F16C, but a virtual machine can hide it.
  if ((saved & 0x6) == 0x6 && ((b >> 5) & 1) && has_f16c) found |= PROCESSOR_AVX2;
  // AVX-512 F, DQ, BW and VL
  if ((saved & 0xE6) == 0xE6 && ((b >> 16) & (b >> 17) & (b >> 30) & (b >> 31) & 1)) found |= PROCESSOR_AVX512;
  if (has_sse41 && ((b >> 29) & 1)) found |= PROCESSOR_SHA;
  return found;
}

#elif defined(__aarch64__) && defined(__APPLE__)

static inline uint32_t processor_detect(void) { return PROCESSOR_KNOWN | PROCESSOR_SHA; }

#elif defined(__aarch64__) && defined(__linux__)

unsigned long getauxval(unsigned long type);

static inline uint32_t processor_detect(void) {
  const unsigned long hardware = getauxval(16);  // AT_HWCAP
  return PROCESSOR_KNOWN | (hardware >> 6 & 1 ? PROCESSOR_SHA : 0);  // HWCAP_SHA2
}

#else

static inline uint32_t processor_detect(void) { return PROCESSOR_KNOWN; }

#endif

/// Returns a set of the PROCESSOR_ constants.
static inline uint32_t processor(void) {
  static _Atomic uint32_t known;
  uint32_t found = atomic_load_explicit(&known, memory_order_relaxed);
  if (found == 0) {
    found = processor_detect();
    atomic_store_explicit(&known, found, memory_order_relaxed);
  }
  return found;
}

#endif
