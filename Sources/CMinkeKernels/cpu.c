#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "minke_cpu.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

#if defined(__x86_64__)

#include <cpuid.h>

/// The extended state that the operating system saves (register XCR0); call only when OSXSAVE is set.
static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((uint64_t)high << 32) | low;
}

static bool all(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

minke_cpu_level minke_cpu_detect(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return MINKE_CPU_PORTABLE;
  const uint32_t fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
  if (!all(c, fma | osxsave | avx | f16c)) return MINKE_CPU_PORTABLE;
  const uint64_t state = enabled_state();
  const uint64_t ymm_state = 0x06, zmm_state = 0xE6;  // SSE, AVX; opmask, ZMM0-15 high, ZMM16-31
  if ((state & ymm_state) != ymm_state) return MINKE_CPU_PORTABLE;

  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return MINKE_CPU_PORTABLE;
  const uint32_t avx2 = 1u << 5;
  if (!all(b, avx2)) return MINKE_CPU_PORTABLE;
  const uint32_t avx512f = 1u << 16, avx512dq = 1u << 17, avx512bw = 1u << 30, avx512vl = 1u << 31;
  const uint32_t avx512vnni = 1u << 11;
  const bool avx512 = all(b, avx512f | avx512dq | avx512bw | avx512vl) && all(c, avx512vnni);
  return avx512 && (state & zmm_state) == zmm_state ? MINKE_CPU_AVX512 : MINKE_CPU_AVX2;
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
#define MINKE_HWCAP_ASIMDDP (1ul << 20)
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

minke_cpu_level minke_cpu_detect(void) {
#if defined(__ARM_FEATURE_DOTPROD)
  return MINKE_CPU_NEON;  // the whole program is compiled for it
#elif defined(__linux__)
  return getauxval(AT_HWCAP) & MINKE_HWCAP_ASIMDDP ? MINKE_CPU_NEON : MINKE_CPU_PORTABLE;
#elif defined(__APPLE__)
  int found = 0;
  size_t size = sizeof found;
  const int status = sysctlbyname("hw.optional.arm.FEAT_DotProd", &found, &size, NULL, 0);
  return status == 0 && found ? MINKE_CPU_NEON : MINKE_CPU_PORTABLE;
#else
  return MINKE_CPU_PORTABLE;
#endif
}

#else

minke_cpu_level minke_cpu_detect(void) { return MINKE_CPU_PORTABLE; }

#endif

bool minke_cpu_has_bf16(void) {
#if defined(__x86_64__)
  uint32_t a, b, c, d;
  return minke_cpu_detect() == MINKE_CPU_AVX512 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && all(a, 1u << 5);
#else
  return false;
#endif
}

bool minke_cpu_supports(minke_cpu_level level) {
  const minke_cpu_level best = minke_cpu_detect();
  if (level == MINKE_CPU_PORTABLE || level == best) return true;
  return best == MINKE_CPU_AVX512 && level == MINKE_CPU_AVX2;
}

const char *minke_cpu_level_name(minke_cpu_level level) {
  switch (level) {
    case MINKE_CPU_PORTABLE: return "portable";
    case MINKE_CPU_AVX2: return "avx2";
    case MINKE_CPU_AVX512: return "avx512";
    case MINKE_CPU_NEON: return "neon";
  }
  return "unknown";
}

static minke_cpu_level choose(void) {
  const char *wanted = getenv("MINKE_ISA");
  if (wanted) {
    for (int level = MINKE_CPU_PORTABLE; level <= MINKE_CPU_NEON; level++) {
      const bool named = strcmp(wanted, minke_cpu_level_name((minke_cpu_level)level)) == 0;
      if (named && minke_cpu_supports((minke_cpu_level)level)) return (minke_cpu_level)level;
    }
  }
  return minke_cpu_detect();
}

minke_cpu_level minke_cpu_active(void) {
  static _Atomic int chosen = -1;
  int level = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (level < 0) {
    level = choose();
    atomic_store_explicit(&chosen, level, memory_order_relaxed);
  }
  return (minke_cpu_level)level;
}

int minke_cpu_affinity_count(void) {
#if defined(__linux__)
  // Masks grow until the kernel's own fits (it answers EINVAL before).
  for (size_t processors = 1024; processors <= 65536; processors *= 4) {
    cpu_set_t *set = CPU_ALLOC(processors);
    if (!set) break;
    const size_t size = CPU_ALLOC_SIZE(processors);
    const int status = sched_getaffinity(0, size, set);
    const int count = status == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}
