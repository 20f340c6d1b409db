// Kernels for AVX2 with FMA and F16C: eight rows of a block fill eight registers, over which the tokens sweep.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "matmul_kernels.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

/// Eight rows of one block in registers.
struct weights {
  __m256i codes[8];     // [k4-group]: unsigned bytes up to seven bits, else signed bytes
  __m256 scale[2];      // [depth half]; only the first where a block has one scale
  __m256 minimum;       // of the block; of the super-block when depth halves have their own
  __m256i sub_minimum;  // 16-bit pairs, one for each depth half
};

/// Codes up to 255 are used as signed bytes, with no zero point.
MINKE_INLINE bool is_signed(struct minke_layout layout) { return layout.zero_point == 128; }

MINKE_INLINE __m256i load(const uint8_t *bytes) { return _mm256_load_si256((const __m256i *)bytes); }

/// Bits of each byte moved by `left` (right when negative) and masked.
MINKE_INLINE __m256i bits(__m256i bytes, int left, int mask) {
  if (left > 0) bytes = _mm256_slli_epi16(bytes, left);
  if (left < 0) bytes = _mm256_srli_epi16(bytes, -left);
  return _mm256_and_si256(bytes, _mm256_set1_epi8((char)mask));
}

/// The bytes that codes stand for.
MINKE_INLINE __m256i load_book(struct minke_layout layout) {
  const __m256i book = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)minke_books[layout.book]));
  return is_signed(layout) ? book : _mm256_add_epi8(book, _mm256_set1_epi8((char)layout.zero_point));
}

/// `bytes` is the block's first byte of the eight rows.
MINKE_INLINE void load_codes(struct minke_layout layout, const uint8_t *bytes, struct weights *out) {
  const enum minke_codes codes = layout.codes;
  UNROLL for (int group = 0; group < 8; group++) {
    __m256i code;
    if (codes == MINKE_CODES_8) {
      code = _mm256_xor_si256(load(bytes + 128 * group), _mm256_set1_epi8(-128));
    } else if (codes == MINKE_CODES_2 || codes == MINKE_CODES_3) {
      code = bits(load(bytes + 128 * (group / 4)), -2 * (group % 4), 3);
      if (codes == MINKE_CODES_3) code = _mm256_or_si256(code, bits(load(bytes + 256), 2 - group, 4));
    } else {
      code = bits(load(bytes + 128 * (group / 2)), -4 * (group % 2), 15);
      if (codes == MINKE_CODES_5) code = _mm256_or_si256(code, bits(load(bytes + 512), 4 - group, 16));
      if (codes == MINKE_CODES_6)
        code = _mm256_or_si256(code, bits(load(bytes + 512 + 128 * (group / 4)), 4 - 2 * (group % 4), 48));
    }
    out->codes[group] = layout.book ? _mm256_shuffle_epi8(load_book(layout), code) : code;
  }
}

/// Eight halves.
MINKE_INLINE __m256 widen_halves(__m128i halves) { return _mm256_cvtph_ps(halves); }

/// Eight bfloat16.
MINKE_INLINE __m256 widen_bfloats(__m128i bfloats) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bfloats), 16));
}

/// Eight scales or minimums.
MINKE_INLINE __m256 load_wide(struct minke_layout layout, const uint8_t *bytes) {
  const __m128i narrow = _mm_load_si128((const __m128i *)bytes);
  const __m256 wide = layout.scales == MINKE_SCALES_BF16 ? widen_bfloats(narrow) : widen_halves(narrow);
  return layout.shift ? _mm256_mul_ps(wide, _mm256_set1_ps(minke_scale_factor(layout))) : wide;
}

/// Eight signed bytes.
MINKE_INLINE __m256 load_integers(const uint8_t *bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)bytes)));
}

MINKE_INLINE void load_scales(struct minke_layout layout, const uint8_t *header, const uint8_t *trailer, size_t sub,
                              size_t row, struct weights *out) {
  const enum minke_scales scales = layout.scales;
  const uint8_t *wide = (minke_scales_trail(layout) ? trailer : header) + 2 * row;
  const uint8_t *integers = header + minke_sub_scales(layout, sub) + row;
  const __m256 scale = load_wide(layout, wide);
  out->scale[0] = scale;
  if (layout.minimum) out->minimum = load_wide(layout, wide + 64);
  if (scales == MINKE_SCALES_SUPER_32) {
    out->scale[0] = _mm256_mul_ps(scale, load_integers(integers));
    if (layout.minimum)
      out->minimum = _mm256_mul_ps(out->minimum, load_integers(header + minke_sub_minimums(sub) + row));
  } else if (scales == MINKE_SCALES_SUPER_16) {
    UNROLL for (int half = 0; half < 2; half++)
      out->scale[half] = _mm256_mul_ps(scale, load_integers(integers + 32 * half));
  } else if (scales == MINKE_SCALES_NIBBLES) {
    __m256i pair[2];
    UNROLL for (int half = 0; half < 2; half++) {
      pair[half] = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(integers + 32 * half)));
      __m256i low = _mm256_and_si256(pair[half], _mm256_set1_epi32(15));
      out->scale[half] = _mm256_mul_ps(scale, _mm256_cvtepi32_ps(low));
      pair[half] = _mm256_srli_epi32(pair[half], 4);
    }
    out->sub_minimum = _mm256_or_si256(pair[0], _mm256_slli_epi32(pair[1], 16));
  }
}

MINKE_INLINE __m256i broadcast(const void *four_bytes) {
  int32_t value;
  memcpy(&value, four_bytes, sizeof value);
  return _mm256_set1_epi32(value);
}

/// How many products of a code and an activation pair fit a signed 16-bit sum: 2 · 127 · largest code · n < 32768.
MINKE_INLINE int sums_that_fit(struct minke_layout layout) {
  if (layout.book) return layout.zero_point == 16 ? 4 : 1;  // up to 31, 127 or as signed bytes
  switch (layout.codes) {
    case MINKE_CODES_2:
    case MINKE_CODES_3:
    case MINKE_CODES_4: return 8;
    case MINKE_CODES_5: return 4;
    case MINKE_CODES_6: return 2;
    case MINKE_CODES_8: return 1;
  }
}

/// The dot product over k4-groups [first, last), exact: sums of 16 bits are widened before they could overflow.
MINKE_INLINE __m256i multiply_groups(struct minke_layout layout, const struct weights *weights,
                                     const minke_activation_block *token, int first, int last) {
  const int fit = sums_that_fit(layout);
  __m256i dot = _mm256_setzero_si256(), narrow = dot;
  UNROLL for (int group = first; group < last; group++) {
    __m256i code = weights->codes[group], input = broadcast(token->codes + 4 * group), products;
    if (is_signed(layout)) {
      products = _mm256_maddubs_epi16(_mm256_abs_epi8(code), _mm256_sign_epi8(input, code));
    } else {
      products = _mm256_maddubs_epi16(code, input);
    }
    const bool starts = (group - first) % fit == 0, ends = (group - first) % fit == fit - 1 || group == last - 1;
    narrow = starts ? products : _mm256_add_epi16(narrow, products);
    if (ends) {
      __m256i wide = _mm256_madd_epi16(narrow, _mm256_set1_epi16(1));
      dot = group < first + fit ? wide : _mm256_add_epi32(dot, wide);
    }
  }
  return dot;
}

/// Adds the product of eight rows of a block and one token to `sum`.
MINKE_INLINE __m256 multiply_block(struct minke_layout layout, const struct weights *weights,
                                   const minke_activation_block *token, __m256 sum) {
  const int zero_point = is_signed(layout) ? 0 : layout.zero_point;
  const __m256 token_scale = _mm256_set1_ps(token->scale);
  if (minke_scales_halves(layout)) {
    __m256 part;
    UNROLL for (int half = 0; half < 2; half++) {
      __m256i dot = multiply_groups(layout, weights, token, 4 * half, 4 * half + 4);
      if (zero_point) dot = _mm256_sub_epi32(dot, _mm256_set1_epi32(zero_point * token->half_sums[half]));
      const __m256 product = _mm256_cvtepi32_ps(dot);
      part = half == 0 ? _mm256_mul_ps(weights->scale[0], product) : _mm256_fmadd_ps(weights->scale[1], product, part);
    }
    if (layout.minimum) {
      __m256i sub_minimum = _mm256_madd_epi16(weights->sub_minimum, broadcast(token->half_sums));
      part = _mm256_fmadd_ps(weights->minimum, _mm256_cvtepi32_ps(sub_minimum), part);
    }
    return _mm256_fmadd_ps(part, token_scale, sum);
  }
  __m256i dot = multiply_groups(layout, weights, token, 0, 8);
  if (zero_point) dot = _mm256_add_epi32(dot, _mm256_set1_epi32(zero_point * token->negated_sum));
  sum = _mm256_fmadd_ps(_mm256_mul_ps(weights->scale[0], token_scale), _mm256_cvtepi32_ps(dot), sum);
  return layout.minimum ? _mm256_fmadd_ps(weights->minimum, _mm256_set1_ps(token->scaled_sum), sum) : sum;
}

MINKE_INLINE void multiply(struct minke_layout layout, const uint8_t *panel, const minke_activation_block *blocks,
                           size_t block_count, size_t tokens, float *sums) {
  const size_t header_bytes = minke_header_bytes(layout), code_bytes = minke_code_bytes(layout.codes);
  const uint8_t *header = panel;
  memset(sums, 0, tokens * MINKE_PANEL_ROWS * sizeof(float));
  for (size_t block = 0; block < block_count; block++, blocks += tokens) {
    if (header_bytes && block % 8 == 0) {
      header = panel;
      panel += header_bytes;
    }
    for (size_t row = 0; row < MINKE_PANEL_ROWS; row += 8) {
      struct weights weights;
      load_codes(layout, panel + 4 * row, &weights);
      load_scales(layout, header, panel + code_bytes, block % 8, row, &weights);
      for (size_t token = 0; token < tokens; token++) {
        float *place = sums + token * MINKE_PANEL_ROWS + row;
        __m256 sum = _mm256_load_ps(place);
        _mm256_store_ps(place, multiply_block(layout, &weights, blocks + token, sum));
      }
    }
    panel += minke_block_stride(layout);
  }
}

#define INTEGER_KERNEL(NAME, ...)                                                                       \
  static void multiply_##NAME(const uint8_t *panel, const minke_activation_block *blocks, size_t count, \
                              size_t tokens, float *sums) {                                             \
    multiply((struct minke_layout){__VA_ARGS__}, panel, blocks, count, tokens, sums);                   \
  }
MINKE_INTEGER_FORMATS(INTEGER_KERNEL)

/// Eight weights of a float panel.
MINKE_INLINE __m256 load_floats(minke_packed_format format, const uint8_t *panel, size_t index) {
  if (format == MINKE_PACKED_F32) return _mm256_load_ps((const float *)panel + index);
  __m128i halves = _mm_load_si128((const __m128i *)(panel + 2 * index));
  return format == MINKE_PACKED_F16 ? widen_halves(halves) : widen_bfloats(halves);
}

/// A float panel times one or two tokens, whose sums stay in registers.
MINKE_INLINE void multiply_float_tokens(minke_packed_format format, size_t tokens, const uint8_t *panel,
                                        const float *input, size_t stride, size_t depth, float *sums) {
  __m256 sum[2][4];
  UNROLL for (size_t i = 0; i < 4 * tokens; i++) sum[i / 4][i % 4] = _mm256_setzero_ps();
  for (size_t k = 0; k < depth; k++) {
    UNROLL for (size_t part = 0; part < 4; part++) {
      __m256 weight = load_floats(format, panel, 32 * k + 8 * part);
      UNROLL for (size_t i = 0; i < tokens; i++)
        sum[i][part] = _mm256_fmadd_ps(weight, _mm256_set1_ps(input[i * stride + k]), sum[i][part]);
    }
  }
  UNROLL for (size_t i = 0; i < 4 * tokens; i++) _mm256_store_ps(sums + 8 * i, sum[i / 4][i % 4]);
}

#define FLOAT_KERNEL(NAME)                                                                              \
  static void multiply_##NAME(const uint8_t *panel, const float *input, size_t stride, size_t depth,    \
                              size_t tokens, float *sums) {                                             \
    for (; tokens >= 2; tokens -= 2, input += 2 * stride, sums += 2 * MINKE_PANEL_ROWS)                 \
      multiply_float_tokens(MINKE_PACKED_##NAME, 2, panel, input, stride, depth, sums);                 \
    if (tokens) multiply_float_tokens(MINKE_PACKED_##NAME, 1, panel, input, stride, depth, sums);       \
  }
FLOAT_KERNEL(F32)
FLOAT_KERNEL(F16)
FLOAT_KERNEL(BF16)

MINKE_INLINE __m128i combine_max(__m256i values) {
  __m128i four = _mm_max_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
  four = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_max_epi32(four, _mm_shuffle_epi32(four, 0xb1));
}

MINKE_INLINE int combine_sum(__m256i values) {
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}

/// Σ a · b of 32 elements in sixteen lanes.
MINKE_INLINE float combine_products(const __m256 a[4], const __m256 b[4]) {
  __m256 low = _mm256_fmadd_ps(a[2], b[2], _mm256_mul_ps(a[0], b[0]));
  __m256 high = _mm256_fmadd_ps(a[3], b[3], _mm256_mul_ps(a[1], b[1]));
  __m256 eight = _mm256_add_ps(low, high);
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

/// Codes, sums and scale of one block.
MINKE_INLINE void quantize_block(const float *input, minke_activation_block *out) {
  __m256 values[4], rounded[4];
  __m256i codes[4], largest = _mm256_setzero_si256();
  UNROLL for (int i = 0; i < 4; i++) {
    values[i] = _mm256_loadu_ps(input + 8 * i);
    __m256i magnitudes = _mm256_and_si256(_mm256_castps_si256(values[i]), _mm256_set1_epi32(0x7fffffff));
    largest = _mm256_max_epi32(largest, magnitudes);
  }
  uint32_t magnitude = (uint32_t)_mm_cvtsi128_si32(combine_max(largest));
  float scalar = minke_code_factor(magnitude);
  __m256 factor = _mm256_set1_ps(scalar);
  __m256i keep = _mm256_set1_epi32(scalar != 0 ? -1 : 0);
  UNROLL for (int i = 0; i < 4; i++) {
    values[i] = _mm256_mul_ps(values[i], factor);
    codes[i] = _mm256_and_si256(_mm256_cvtps_epi32(values[i]), keep);
    rounded[i] = _mm256_cvtepi32_ps(codes[i]);
  }
  // Packing interleaves the 128-bit lanes; the permutation puts the fours of codes in order again.
  __m256i packed = _mm256_packs_epi16(_mm256_packs_epi32(codes[0], codes[1]), _mm256_packs_epi32(codes[2], codes[3]));
  packed = _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  _mm256_storeu_si256((__m256i *)out->codes, packed);
  int first = combine_sum(_mm256_add_epi32(codes[0], codes[1]));
  int last = combine_sum(_mm256_add_epi32(codes[2], codes[3]));
  minke_finish_block(out, magnitude, first, last, combine_products(rounded, values), combine_products(rounded, rounded));
}

COMMON_KERNELS

#pragma clang attribute pop

const struct minke_matmul_table minke_matmul_avx2 = MATMUL_TABLE;

#endif
