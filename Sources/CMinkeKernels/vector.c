#include "minke_vector.h"

#include <stdatomic.h>

#if defined(__x86_64__)
static const minke_vector_kernels *avx512(void) {
  static _Atomic int has_bf16 = -1;
  int found = atomic_load_explicit(&has_bf16, memory_order_relaxed);
  if (found < 0) {
    found = minke_cpu_has_bf16();
    atomic_store_explicit(&has_bf16, found, memory_order_relaxed);
  }
  return found ? &minke_vector_avx512_bf16 : &minke_vector_avx512;
}
#endif

const minke_vector_kernels *minke_vector_at(minke_cpu_level level) {
  if (!minke_cpu_supports(level)) return NULL;
  switch (level) {
    case MINKE_CPU_PORTABLE: return &minke_vector_portable;
#if defined(__x86_64__)
    case MINKE_CPU_AVX2: return &minke_vector_avx2;
    case MINKE_CPU_AVX512: return avx512();
#elif defined(__aarch64__)
    case MINKE_CPU_NEON: return &minke_vector_neon;
#endif
    default: return NULL;
  }
}

const minke_vector_kernels *minke_vector(void) {
  switch (minke_cpu_active()) {
#if defined(__x86_64__)
    case MINKE_CPU_AVX2: return &minke_vector_avx2;
    case MINKE_CPU_AVX512: return avx512();
#elif defined(__aarch64__)
    case MINKE_CPU_NEON: return &minke_vector_neon;
#endif
    default: return &minke_vector_portable;
  }
}
