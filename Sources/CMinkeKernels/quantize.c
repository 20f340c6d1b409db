// Float rows as stored ones.
#include "quantize_rows.h"

bool minke_weights_are_within(const float *values, size_t count, float limit) {
  uint32_t above = 0;
  // The order of magnitudes is that of their bits; infinities and what is no number come after all of them.
  uint32_t limit_bits;
  memcpy(&limit_bits, &limit, sizeof limit_bits);
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, values + i, sizeof bits);
    above |= (bits & 0x7FFFFFFF) > limit_bits;
  }
  return above == 0;
}

/// The upper half of a float, rounded to nearest, ties to even.
static uint16_t float_to_bfloat(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

bool minke_quantize_row(minke_cpu_level level, uint32_t element_type, const float *row, const float *importance,
                        size_t columns, void *out) {
  uint16_t *halves = out;
  switch (element_type) {
    case MINKE_STORED_F32: memcpy(out, row, columns * sizeof(float)); return true;
    case MINKE_STORED_F16:
      for (size_t i = 0; i < columns; i++) halves[i] = float_to_half(row[i]);
      return true;
    case MINKE_STORED_BF16:
      for (size_t i = 0; i < columns; i++) halves[i] = float_to_bfloat(row[i]);
      return true;
    default: break;
  }
#if defined(__x86_64__)
  if (level == MINKE_CPU_AVX512) return minke_quantize_row_avx512(element_type, row, importance, columns, out);
  if (level == MINKE_CPU_AVX2) return minke_quantize_row_avx2(element_type, row, importance, columns, out);
#else
  (void)level;
#endif
  return minke_quantize_row_portable(element_type, row, importance, columns, out);
}
