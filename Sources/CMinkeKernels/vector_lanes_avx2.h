// Sixteen float32 lanes in two AVX registers. Meanings: `vector_lanes_portable.h`.
#ifndef MINKE_VECTOR_LANES_AVX2_H
#define MINKE_VECTOR_LANES_AVX2_H

#define INLINE static inline __attribute__((always_inline))

// 12 sums (6 queries), 2 halves of a factor and a broadcast fill 15 of 16 registers.
#define TILE_VECTORS(queries) ((queries) > 2 ? 1 : 2)
#define BYTE_VECTORS 1
#define BYTE_QUERIES 4
// Packing works in halves of a register.
#define WEIGHT_WORD(g) ((g) / 8 * 8 + (g) % 2 * 4 + (g) % 8 / 2)

typedef struct {
  __m256 a, b;
} vec;

#define BOTH(expression_a, expression_b) ((vec){expression_a, expression_b})

/// All bits set in the first `n` of eight lanes.
INLINE __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE vec v_set(float x) { return BOTH(_mm256_set1_ps(x), _mm256_set1_ps(x)); }
INLINE vec v_load(const float *p) { return BOTH(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)); }
INLINE void v_store(float *p, vec x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
INLINE vec v_load_first(const float *p, size_t n) {
  return BOTH(_mm256_maskload_ps(p, first_lanes((int)n)), _mm256_maskload_ps(p + 8, first_lanes((int)n - 8)));
}
INLINE void v_store_first(float *p, vec x, size_t n) {
  _mm256_maskstore_ps(p, first_lanes((int)n), x.a);
  _mm256_maskstore_ps(p + 8, first_lanes((int)n - 8), x.b);
}
INLINE vec v_load_half(const uint16_t *p) {
  return BOTH(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)),
              _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p + 8))));
}
INLINE void v_store_half(uint16_t *p, vec x) {
  _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(x.a, _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128((__m128i *)(p + 8), _mm256_cvtps_ph(x.b, _MM_FROUND_TO_NEAREST_INT));
}

INLINE vec v_add(vec x, vec y) { return BOTH(_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)); }
INLINE vec v_sub(vec x, vec y) { return BOTH(_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)); }
INLINE vec v_mul(vec x, vec y) { return BOTH(_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)); }
INLINE vec v_div(vec x, vec y) { return BOTH(_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)); }
INLINE vec v_fma(vec x, vec y, vec z) {
  return BOTH(_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b));
}
INLINE vec v_max(vec x, vec y) { return BOTH(_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)); }
INLINE vec v_min(vec x, vec y) { return BOTH(_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)); }
INLINE vec v_abs(vec x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return BOTH(_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b));
}
INLINE vec v_negate(vec x) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return BOTH(_mm256_xor_ps(sign, x.a), _mm256_xor_ps(sign, x.b));
}
INLINE vec v_copy_sign(vec x, vec y) {
  const __m256 sign = _mm256_set1_ps(-0.0f);
  return BOTH(_mm256_or_ps(_mm256_andnot_ps(sign, x.a), _mm256_and_ps(sign, y.a)),
              _mm256_or_ps(_mm256_andnot_ps(sign, x.b), _mm256_and_ps(sign, y.b)));
}
INLINE vec v_where_less(vec x, vec y, vec yes, vec no) {
  return BOTH(_mm256_blendv_ps(no.a, yes.a, _mm256_cmp_ps(x.a, y.a, _CMP_LT_OQ)),
              _mm256_blendv_ps(no.b, yes.b, _mm256_cmp_ps(x.b, y.b, _CMP_LT_OQ)));
}
INLINE __m256 lanes_between(int first, int end) {
  return _mm256_castsi256_ps(_mm256_andnot_si256(first_lanes(first), first_lanes(end)));
}
INLINE vec v_where_lanes(int first, int end, vec yes, vec no) {
  return BOTH(_mm256_blendv_ps(no.a, yes.a, lanes_between(first, end)),
              _mm256_blendv_ps(no.b, yes.b, lanes_between(first - 8, end - 8)));
}
INLINE vec v_swap_pairs(vec x) {
  return BOTH(_mm256_permute_ps(x.a, 0xB1), _mm256_permute_ps(x.b, 0xB1));
}
/// Twice a multiplication by a power of two, the first of them exact.
INLINE __m256 scale_by_power(__m256 x, __m256 n) {
  const __m256i power = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(power, 1);
  const __m256i bias = _mm256_set1_epi32(127), rest = _mm256_sub_epi32(power, half);
  x = _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23)));
  return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23)));
}
INLINE vec v_scale_by_power(vec x, vec n) {
  return BOTH(scale_by_power(x.a, n.a), scale_by_power(x.b, n.b));
}

INLINE float v_sum(vec x) {
  const __m256 b = _mm256_add_ps(x.a, x.b);
  __m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
  c = _mm_add_ps(c, _mm_movehl_ps(c, c));
  return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
INLINE float v_largest(vec x) {
  const __m256 b = _mm256_max_ps(x.a, x.b);
  __m128 c = _mm_max_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
  c = _mm_max_ps(c, _mm_movehl_ps(c, c));
  return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}


INLINE vec high_halves(vec x) {
  const __m256 mask = _mm256_castsi256_ps(_mm256_set1_epi32(-65536));
  return BOTH(_mm256_and_ps(x.a, mask), _mm256_and_ps(x.b, mask));
}
INLINE vec low_halves(vec x) {
  return BOTH(_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x.a), 16)),
              _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x.b), 16)));
}
INLINE vec v_dot_pairs(vec x, vec a, vec b) {
  return v_fma(low_halves(a), low_halves(b), v_fma(high_halves(a), high_halves(b), x));
}
INLINE __m256i rounded_bfloat(__m256 x) {
  const __m256i bits = _mm256_castps_si256(x);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  return _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7FFF)), odd), 16);
}
INLINE void v_store_bfloat(uint16_t *p, vec x) {
  const __m256i both = _mm256_packus_epi32(rounded_bfloat(x.a), rounded_bfloat(x.b));
  _mm256_storeu_si256((__m256i *)p, _mm256_permute4x64_epi64(both, 0xD8));
}
INLINE __m256 add_exponent(__m256 a, __m256 t) {
  const __m256i n = _mm256_slli_epi32(_mm256_castps_si256(t), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), n));
}
INLINE vec v_add_exponent(vec a, vec t) { return BOTH(add_exponent(a.a, t.a), add_exponent(a.b, t.b)); }

typedef struct {
  __m256i a, b;
} ivec;
/// Bytes widened to 16 bits, the even ones and the odd ones apart.
typedef struct {
  __m256i even, odd;
} quad;
typedef struct {
  quad a, b;
} bytes;

INLINE quad widen_signed(__m256i x) {
  return (quad){_mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8), _mm256_srai_epi16(x, 8)};
}
INLINE quad widen_unsigned(__m256i x) {
  return (quad){_mm256_and_si256(x, _mm256_set1_epi16(0xFF)), _mm256_srli_epi16(x, 8)};
}
INLINE __m256i load_bytes(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
INLINE __m256i broadcast_bytes(const uint8_t *p) {
  int32_t four;
  memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}
INLINE bytes b_load_keys(const uint8_t *p) {
  return (bytes){widen_unsigned(load_bytes(p)), widen_unsigned(load_bytes(p + 32))};
}
INLINE bytes b_load_values(const uint8_t *p) {
  return (bytes){widen_signed(load_bytes(p)), widen_signed(load_bytes(p + 32))};
}
INLINE quad b_load_query(const uint8_t *p) { return widen_signed(broadcast_bytes(p)); }
INLINE quad b_load_weights(const uint8_t *p) { return widen_unsigned(broadcast_bytes(p)); }
INLINE ivec i_key_start(int32_t start) { return (ivec){_mm256_set1_epi32(start), _mm256_set1_epi32(start)}; }
INLINE ivec i_value_start(const uint8_t *weights) {
  (void)weights;
  return (ivec){_mm256_setzero_si256(), _mm256_setzero_si256()};
}
INLINE __m256i dot(__m256i x, quad a, quad b) {
  x = _mm256_add_epi32(x, _mm256_madd_epi16(a.even, b.even));
  return _mm256_add_epi32(x, _mm256_madd_epi16(a.odd, b.odd));
}
INLINE ivec i_dot_keys(ivec x, bytes keys, quad query) {
  return (ivec){dot(x.a, keys.a, query), dot(x.b, keys.b, query)};
}
INLINE ivec i_dot_values(ivec x, bytes values, quad weights) { return i_dot_keys(x, values, weights); }
INLINE vec v_from_int(ivec x) { return BOTH(_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)); }
INLINE void b_store_weights(uint8_t *p, const vec w[4]) {
  for (int i = 0; i < 2; i++) {
    const __m256i low = _mm256_packus_epi32(_mm256_cvtps_epi32(w[2 * i].a), _mm256_cvtps_epi32(w[2 * i].b));
    const __m256i high = _mm256_packus_epi32(_mm256_cvtps_epi32(w[2 * i + 1].a), _mm256_cvtps_epi32(w[2 * i + 1].b));
    _mm256_storeu_si256((__m256i *)(p + 32 * i), _mm256_packus_epi16(low, high));
  }
}

#endif
