// What the processor under us can do, found at run time.
#ifndef MINKE_CPU_H
#define MINKE_CPU_H

#include <stdbool.h>

#pragma clang assume_nonnull begin

/// The sets of kernels there are. On x86-64 a higher number includes the lower ones.
typedef enum minke_cpu_level {
  /// Plain C, on every processor: the reference for all others.
  MINKE_CPU_PORTABLE = 0,
  /// AVX2, FMA and F16C.
  MINKE_CPU_AVX2 = 1,
  /// AVX-512 F, BW, VL, DQ and VNNI.
  MINKE_CPU_AVX512 = 2,
  /// arm64 with the dot product instructions (ARMv8.2 `asimddp`).
  MINKE_CPU_NEON = 3,
} minke_cpu_level;

/// The best level that processor and operating system offer (the registers must be saved on a task switch).
minke_cpu_level minke_cpu_detect(void);

/// The level in use: the detected one, unless the environment variable `MINKE_ISA`
/// (`portable`, `avx2`, `avx512` or `neon`) names a lower one. Read once.
minke_cpu_level minke_cpu_active(void);

/// Whether kernels of `level` can run here.
bool minke_cpu_supports(minke_cpu_level level);

/// Whether level AVX-512 has the product of bfloat16 pairs.
bool minke_cpu_has_bf16(void);

/// `portable`, `avx2`, `avx512` or `neon`.
const char *minke_cpu_level_name(minke_cpu_level level);

/// Tells the processor that this is a spinning loop, which then leaves more to the core's other thread.
static inline void minke_cpu_relax(void) {
#if defined(__x86_64__)
  __asm__ volatile("pause");
#elif defined(__aarch64__)
  __asm__ volatile("isb");  // `yield` does nothing on most cores; this waits some tens of cycles
#endif
}

/// Asks for a cache line that will be read soon: a hint.
static inline void minke_cpu_fetch(const void *_Nonnull address) { __builtin_prefetch(address, 0, 2); }

/// How many processors the operating system lets this process run on; at least 1.
int minke_cpu_affinity_count(void);

#pragma clang assume_nonnull end

#endif
