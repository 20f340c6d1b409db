// Sixteen float32 lanes in one AVX-512 register. Meanings: `vector_lanes_portable.h`.
#ifndef MINKE_VECTOR_LANES_AVX512_H
#define MINKE_VECTOR_LANES_AVX512_H

#define INLINE static inline __attribute__((always_inline))

// 24 sums, 4 factors and a broadcast fill 29 of 32 registers.
#define TILE_VECTORS(queries) 4
// 12 integer sums, 12 float sums, 2 vectors of keys and a broadcast fill 27.
#define BYTE_VECTORS 2
#define BYTE_QUERIES 6
// Packing works in quarters of a register.
#define WEIGHT_WORD(g) (4 * ((g) % 4) + (g) / 4)

typedef __m512 vec;

INLINE __mmask16 first_lanes(size_t n) { return (__mmask16)((1u << n) - 1); }

INLINE vec v_set(float x) { return _mm512_set1_ps(x); }
INLINE vec v_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE void v_store(float *p, vec a) { _mm512_storeu_ps(p, a); }
INLINE vec v_load_first(const float *p, size_t n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
INLINE void v_store_first(float *p, vec a, size_t n) { _mm512_mask_storeu_ps(p, first_lanes(n), a); }
INLINE vec v_load_half(const uint16_t *p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}
INLINE void v_store_half(uint16_t *p, vec a) {
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

INLINE vec v_add(vec a, vec b) { return _mm512_add_ps(a, b); }
INLINE vec v_sub(vec a, vec b) { return _mm512_sub_ps(a, b); }
INLINE vec v_mul(vec a, vec b) { return _mm512_mul_ps(a, b); }
INLINE vec v_div(vec a, vec b) { return _mm512_div_ps(a, b); }
INLINE vec v_fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
INLINE vec v_max(vec a, vec b) { return _mm512_max_ps(a, b); }
INLINE vec v_min(vec a, vec b) { return _mm512_min_ps(a, b); }
INLINE vec v_abs(vec a) { return _mm512_abs_ps(a); }
INLINE vec v_negate(vec a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
INLINE vec v_copy_sign(vec a, vec b) {
  const vec sign = _mm512_set1_ps(-0.0f);
  return _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b));
}
INLINE vec v_where_less(vec a, vec b, vec x, vec y) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
INLINE vec v_where_lanes(int first, int end, vec a, vec b) {
  return _mm512_mask_blend_ps(first_lanes((size_t)end) & (__mmask16)~first_lanes((size_t)first), b, a);
}
INLINE vec v_swap_pairs(vec a) { return _mm512_permute_ps(a, 0xB1); }
INLINE vec v_scale_by_power(vec a, vec n) { return _mm512_scalef_ps(a, n); }

INLINE float v_sum(vec a) {
  __m256 b = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  __m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
  c = _mm_add_ps(c, _mm_movehl_ps(c, c));
  return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
INLINE float v_largest(vec a) {
  __m256 b = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  __m128 c = _mm_max_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
  c = _mm_max_ps(c, _mm_movehl_ps(c, c));
  return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}


#if defined(HAS_BF16_PAIRS)
// The processor takes subnormal numbers as 0; there are none.
INLINE vec v_dot_pairs(vec x, vec a, vec b) {
  return _mm512_dpbf16_ps(x, (__m512bh)_mm512_castps_si512(a), (__m512bh)_mm512_castps_si512(b));
}
#else
INLINE vec high_halves(vec a) { return _mm512_and_ps(a, _mm512_castsi512_ps(_mm512_set1_epi32(-65536))); }
INLINE vec low_halves(vec a) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a), 16)); }
INLINE vec v_dot_pairs(vec x, vec a, vec b) {
  return v_fma(low_halves(a), low_halves(b), v_fma(high_halves(a), high_halves(b), x));
}
#endif
INLINE void v_store_bfloat(uint16_t *p, vec a) {
  const __m512i bits = _mm512_castps_si512(a);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7FFF)), odd);
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}
INLINE vec v_add_exponent(vec a, vec t) {
  const __m512i n = _mm512_slli_epi32(_mm512_castps_si512(t), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), n));
}

typedef __m512i ivec, bytes, quad;

INLINE bytes b_load_keys(const uint8_t *p) { return _mm512_loadu_si512(p); }
INLINE bytes b_load_values(const uint8_t *p) { return _mm512_loadu_si512(p); }
INLINE quad b_load_query(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, 4);
  return _mm512_set1_epi32(four);
}
INLINE quad b_load_weights(const uint8_t *p) { return b_load_query(p); }
INLINE ivec i_key_start(int32_t start) { return _mm512_set1_epi32(start); }
INLINE ivec i_value_start(const uint8_t *weights) {
  (void)weights;
  return _mm512_setzero_si512();
}
INLINE ivec i_dot_keys(ivec x, bytes keys, quad query) { return _mm512_dpbusd_epi32(x, keys, query); }
INLINE ivec i_dot_values(ivec x, bytes values, quad weights) { return _mm512_dpbusd_epi32(x, weights, values); }
INLINE vec v_from_int(ivec x) { return _mm512_cvtepi32_ps(x); }
INLINE void b_store_weights(uint8_t *p, const vec w[4]) {
  const __m512i low = _mm512_packus_epi32(_mm512_cvtps_epi32(w[0]), _mm512_cvtps_epi32(w[1]));
  const __m512i high = _mm512_packus_epi32(_mm512_cvtps_epi32(w[2]), _mm512_cvtps_epi32(w[3]));
  _mm512_storeu_si512(p, _mm512_packus_epi16(low, high));
}

#endif
