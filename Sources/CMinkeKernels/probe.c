// Bandwidth of reading and rate of 8-bit multiplications, with nothing else in the way.
#include "minke_probe.h"

#include "minke_cpu.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define UNROLL _Pragma("clang loop unroll(full)")

/// How far ahead memory is fetched, as in the kernels.
#define PREFETCH_BYTES 8192
/// Bytes read in one step.
#define STEP_BYTES 512

/// As wide as the widest register; narrower ones take it in parts.
typedef uint64_t lanes __attribute__((vector_size(64)));

/// The body of `minke_probe_read`, compiled for each level.
#define READ(bytes, count)                                                                \
  lanes sums[STEP_BYTES / 64] = {{0}};                                                    \
  for (size_t at = 0; at < (count); at += STEP_BYTES) {                                   \
    const lanes *step = (const lanes *)((bytes) + at);                                    \
    UNROLL for (int i = 0; i < STEP_BYTES / 64; i++) {                                    \
      __builtin_prefetch((const uint8_t *)(step + i) + PREFETCH_BYTES, 0, 3);             \
      sums[i] ^= step[i];                                                                 \
    }                                                                                     \
  }                                                                                       \
  uint64_t sum = 0;                                                                       \
  UNROLL for (int i = 0; i < STEP_BYTES / 64; i++) {                                      \
    UNROLL for (int lane = 0; lane < 8; lane++) sum ^= sums[i][lane];                     \
  }                                                                                       \
  return sum;

static uint64_t read_portable(const uint8_t *bytes, size_t count) { READ(bytes, count) }

/// Keeps the compiler from knowing a value, at no cost.
#define HIDE(constraint, value) __asm__ volatile("" : "+" constraint(value))

/// Elements of the rows that plain C multiplies; they stay in the nearest cache.
#define PLAIN_ELEMENTS 1024

static uint64_t multiply_portable(uint64_t rounds) {
  int8_t left[PLAIN_ELEMENTS], right[PLAIN_ELEMENTS];
  for (int i = 0; i < PLAIN_ELEMENTS; i++) left[i] = right[i] = (int8_t)i;
  for (uint64_t round = 0; round < rounds; round++) {
    __asm__ volatile("" : : "r"(left), "r"(right) : "memory");
    int32_t sum = 0;
    for (int i = 0; i < PLAIN_ELEMENTS; i++) sum += left[i] * right[i];
    HIDE("r", sum);
  }
  return rounds * PLAIN_ELEMENTS * 2;
}

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
                             apply_to = function)

static uint64_t read_avx512(const uint8_t *bytes, size_t count) { READ(bytes, count) }

static uint64_t multiply_avx512(uint64_t rounds) {
  enum { SUMS = 16 };
  __m512i sums[SUMS], left = _mm512_set1_epi8(3), right = _mm512_set1_epi8(5);
  UNROLL for (int i = 0; i < SUMS; i++) sums[i] = _mm512_set1_epi32(i);
  for (uint64_t round = 0; round < rounds; round++) {
    HIDE("v", left);
    UNROLL for (int i = 0; i < SUMS; i++) sums[i] = _mm512_dpbusd_epi32(sums[i], left, right);
  }
  UNROLL for (int i = 0; i < SUMS; i++) HIDE("v", sums[i]);
  return rounds * SUMS * 64 * 2;
}

#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

static uint64_t read_avx2(const uint8_t *bytes, size_t count) { READ(bytes, count) }

static uint64_t multiply_avx2(uint64_t rounds) {
  enum { SUMS = 8 };
  __m256i sums[SUMS], left = _mm256_set1_epi8(3), right = _mm256_set1_epi8(5);
  const __m256i ones = _mm256_set1_epi16(1);
  UNROLL for (int i = 0; i < SUMS; i++) sums[i] = _mm256_set1_epi32(i);
  for (uint64_t round = 0; round < rounds; round++) {
    UNROLL for (int i = 0; i < SUMS; i++) {
      HIDE("x", left);  // each product is computed anew
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(left, right), ones));
    }
  }
  UNROLL for (int i = 0; i < SUMS; i++) HIDE("x", sums[i]);
  return rounds * SUMS * 32 * 2;
}

#pragma clang attribute pop

#elif defined(__aarch64__)

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static uint64_t multiply_neon(uint64_t rounds) {
  enum { SUMS = 16 };
  int32x4_t sums[SUMS];
  int8x16_t left = vdupq_n_s8(3), right = vdupq_n_s8(5);
  UNROLL for (int i = 0; i < SUMS; i++) sums[i] = vdupq_n_s32(i);
  for (uint64_t round = 0; round < rounds; round++) {
    HIDE("w", left);
    UNROLL for (int i = 0; i < SUMS; i++) sums[i] = vdotq_s32(sums[i], left, right);
  }
  UNROLL for (int i = 0; i < SUMS; i++) HIDE("w", sums[i]);
  return rounds * SUMS * 16 * 2;
}

#pragma clang attribute pop

#endif

uint64_t minke_probe_read(const uint8_t *bytes, size_t count) {
  switch (minke_cpu_active()) {
#if defined(__x86_64__)
    case MINKE_CPU_AVX512: return read_avx512(bytes, count);
    case MINKE_CPU_AVX2: return read_avx2(bytes, count);
#endif
    default: return read_portable(bytes, count);
  }
}

uint64_t minke_probe_multiply(uint64_t rounds) {
  switch (minke_cpu_active()) {
#if defined(__x86_64__)
    case MINKE_CPU_AVX512: return multiply_avx512(rounds);
    case MINKE_CPU_AVX2: return multiply_avx2(rounds);
#elif defined(__aarch64__)
    case MINKE_CPU_NEON: return multiply_neon(rounds);
#endif
    default: return multiply_portable(rounds);
  }
}
