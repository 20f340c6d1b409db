// Kernels for AVX-512 with VNNI: the codes of a block fill sixteen registers, over which the tokens sweep.
#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "matmul_kernels.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), \
                             apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

/// Tokens whose products are computed step by step together.
#define MOST_TOGETHER 2

/// One block of weights in registers; [0] is rows 0…15 and [1] is rows 16…31.
struct weights {
  __m512i codes[8][2];     // [k4-group][row half], unsigned bytes
  __m512 scale[2][2];      // [depth half][row half]; only the first where a block has one scale
  __m512 minimum[2];       // of the block; of the super-block when depth halves have their own
  __m512i sub_minimum[2];  // [row half]: 16-bit pairs, one for each depth half
};

MINKE_INLINE __m512i load(const uint8_t *bytes) { return _mm512_load_si512((const __m512i *)bytes); }

/// Bits of each byte moved by `left` (right when negative) and masked.
MINKE_INLINE __m512i bits(__m512i bytes, int left, int mask) {
  if (left > 0) bytes = _mm512_slli_epi16(bytes, (unsigned)left);
  if (left < 0) bytes = _mm512_srli_epi16(bytes, (unsigned)-left);
  return _mm512_and_si512(bytes, _mm512_set1_epi8((char)mask));
}

/// The bytes that codes stand for, plus the zero point.
MINKE_INLINE __m512i load_book(struct minke_layout layout) {
  const __m512i book = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)minke_books[layout.book]));
  return _mm512_add_epi8(book, _mm512_set1_epi8((char)layout.zero_point));
}

MINKE_INLINE void load_codes(struct minke_layout layout, const uint8_t *block, struct weights *out) {
  const enum minke_codes codes = layout.codes;
  UNROLL for (int half = 0; half < 2; half++) {
    const uint8_t *bytes = block + 64 * half;
    UNROLL for (int group = 0; group < 8; group++) {
      __m512i code;
      if (codes == MINKE_CODES_8) {
        code = load(bytes + 128 * group);
      } else if (codes == MINKE_CODES_2 || codes == MINKE_CODES_3) {
        code = bits(load(bytes + 128 * (group / 4)), -2 * (group % 4), 3);
        if (codes == MINKE_CODES_3) code = _mm512_or_si512(code, bits(load(bytes + 256), 2 - group, 4));
      } else {
        code = bits(load(bytes + 128 * (group / 2)), -4 * (group % 2), 15);
        if (codes == MINKE_CODES_5) code = _mm512_or_si512(code, bits(load(bytes + 512), 4 - group, 16));
        if (codes == MINKE_CODES_6)
          code = _mm512_or_si512(code, bits(load(bytes + 512 + 128 * (group / 4)), 4 - 2 * (group % 4), 48));
      }
      out->codes[group][half] = layout.book ? _mm512_shuffle_epi8(load_book(layout), code) : code;
    }
  }
}

/// Sixteen halves.
MINKE_INLINE __m512 widen_halves(__m256i halves) { return _mm512_cvtph_ps(halves); }

/// Sixteen bfloat16.
MINKE_INLINE __m512 widen_bfloats(__m256i bfloats) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bfloats), 16));
}

/// Sixteen scales or minimums.
MINKE_INLINE __m512 load_wide(struct minke_layout layout, const uint8_t *bytes) {
  const __m256i narrow = _mm256_load_si256((const __m256i *)bytes);
  const __m512 wide = layout.scales == MINKE_SCALES_BF16 ? widen_bfloats(narrow) : widen_halves(narrow);
  return layout.shift ? _mm512_mul_ps(wide, _mm512_set1_ps(minke_scale_factor(layout))) : wide;
}

/// Sixteen signed bytes as 32-bit integers.
MINKE_INLINE __m512i load_bytes(const uint8_t *bytes) {
  return _mm512_cvtepi8_epi32(_mm_load_si128((const __m128i *)bytes));
}

MINKE_INLINE __m512 load_integers(const uint8_t *bytes) { return _mm512_cvtepi32_ps(load_bytes(bytes)); }

MINKE_INLINE void load_scales(struct minke_layout layout, const uint8_t *header, const uint8_t *trailer, size_t sub,
                              struct weights *out) {
  const enum minke_scales scales = layout.scales;
  const uint8_t *wide = minke_scales_trail(layout) ? trailer : header;
  const uint8_t *integers = header + minke_sub_scales(layout, sub);
  UNROLL for (int row = 0; row < 2; row++) {
    const __m512 scale = load_wide(layout, wide + 32 * row);
    out->scale[0][row] = scale;
    if (layout.minimum) out->minimum[row] = load_wide(layout, wide + 64 + 32 * row);
    if (scales == MINKE_SCALES_SUPER_32) {
      out->scale[0][row] = _mm512_mul_ps(scale, load_integers(integers + 16 * row));
      if (layout.minimum)
        out->minimum[row] =
            _mm512_mul_ps(out->minimum[row], load_integers(header + minke_sub_minimums(sub) + 16 * row));
    } else if (scales == MINKE_SCALES_SUPER_16) {
      UNROLL for (int i = 0; i < 2; i++)
        out->scale[i][row] = _mm512_mul_ps(scale, load_integers(integers + 32 * i + 16 * row));
    } else if (scales == MINKE_SCALES_NIBBLES) {
      __m512i pair[2];
      UNROLL for (int i = 0; i < 2; i++) {
        pair[i] = _mm512_cvtepu8_epi32(_mm_load_si128((const __m128i *)(integers + 32 * i + 16 * row)));
        __m512i low = _mm512_and_si512(pair[i], _mm512_set1_epi32(15));
        out->scale[i][row] = _mm512_mul_ps(scale, _mm512_cvtepi32_ps(low));
        pair[i] = _mm512_srli_epi32(pair[i], 4);
      }
      out->sub_minimum[row] = _mm512_or_si512(pair[0], _mm512_slli_epi32(pair[1], 16));
    }
  }
}

MINKE_INLINE __m512i broadcast(const void *four_bytes) {
  int32_t value;
  memcpy(&value, four_bytes, sizeof value);
  return _mm512_set1_epi32(value);
}

/// −zero point · Σ codes of the block or of one depth half of it: where a dot product of unsigned codes begins.
MINKE_INLINE __m512i zero_start(int zero_point, const minke_activation_block *token) {
  if (zero_point == 0) return _mm512_setzero_si512();
  return _mm512_slli_epi32(_mm512_set1_epi32(token->negated_sum), (unsigned)__builtin_ctz((unsigned)zero_point));
}

MINKE_INLINE __m512i half_zero_start(int zero_point, const minke_activation_block *token, int half) {
  if (zero_point == 0) return _mm512_setzero_si512();
  return _mm512_set1_epi32(-zero_point * token->half_sums[half]);
}

/// The integer dot products of `count` tokens and k4-groups [first, last), added to `dot`, step by step together: each
/// chain of sums is long.
MINKE_INLINE void multiply_groups(size_t count, int first, int last, const struct weights *weights,
                                  const minke_activation_block *token, __m512i dot[][2]) {
  UNROLL for (int group = first; group < last; group++) {
    UNROLL for (size_t i = 0; i < count; i++) {
      __m512i codes = broadcast(token[i].codes + 4 * group);
      dot[i][0] = _mm512_dpbusd_epi32(dot[i][0], weights->codes[group][0], codes);
      dot[i][1] = _mm512_dpbusd_epi32(dot[i][1], weights->codes[group][1], codes);
    }
  }
}

/// Adds the products of a block with one scale and `count` tokens to the tokens' sums. The depth's halves are summed
/// apart: chains half as long fill the multipliers better.
MINKE_INLINE void multiply_whole(struct minke_layout layout, size_t count, const struct weights *weights,
                                 const minke_activation_block *token, __m512 sum[][2]) {
  __m512i dot[MOST_TOGETHER][2], last[MOST_TOGETHER][2];
  UNROLL for (size_t i = 0; i < count; i++) {
    dot[i][0] = dot[i][1] = zero_start(layout.zero_point, token + i);
    last[i][0] = last[i][1] = _mm512_setzero_si512();
  }
  multiply_groups(count, 0, 4, weights, token, dot);
  multiply_groups(count, 4, 8, weights, token, last);
  UNROLL for (size_t i = 0; i < 2 * count; i++)
    dot[i / 2][i % 2] = _mm512_add_epi32(dot[i / 2][i % 2], last[i / 2][i % 2]);
  UNROLL for (size_t i = 0; i < count; i++) {
    const __m512 token_scale = _mm512_set1_ps(token[i].scale);
    UNROLL for (int row = 0; row < 2; row++) {
      __m512 scale = _mm512_mul_ps(weights->scale[0][row], token_scale);
      sum[i][row] = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(dot[i][row]), sum[i][row]);
      if (layout.minimum)
        sum[i][row] = _mm512_fmadd_ps(weights->minimum[row], _mm512_set1_ps(token[i].scaled_sum), sum[i][row]);
    }
  }
}

/// Adds the products of a block whose depth halves have their own scales and `count` tokens to the tokens' sums.
MINKE_INLINE void multiply_halves(struct minke_layout layout, size_t count, const struct weights *weights,
                                  const minke_activation_block *token, __m512 sum[][2]) {
  __m512 part[MOST_TOGETHER][2];
  UNROLL for (int half = 0; half < 2; half++) {
    __m512i dot[MOST_TOGETHER][2];
    UNROLL for (size_t i = 0; i < count; i++) dot[i][0] = dot[i][1] = half_zero_start(layout.zero_point, token + i, half);
    multiply_groups(count, 4 * half, 4 * half + 4, weights, token, dot);
    UNROLL for (size_t i = 0; i < 2 * count; i++) {
      const __m512 scale = weights->scale[half][i % 2], product = _mm512_cvtepi32_ps(dot[i / 2][i % 2]);
      part[i / 2][i % 2] =
          half == 0 ? _mm512_mul_ps(scale, product) : _mm512_fmadd_ps(scale, product, part[i / 2][i % 2]);
    }
  }
  UNROLL for (size_t i = 0; i < count; i++) {
    UNROLL for (int row = 0; row < 2; row++) {
      if (layout.minimum) {
        __m512i offset =
            _mm512_dpwssd_epi32(_mm512_setzero_si512(), weights->sub_minimum[row], broadcast(token[i].half_sums));
        part[i][row] = _mm512_fmadd_ps(weights->minimum[row], _mm512_cvtepi32_ps(offset), part[i][row]);
      }
      sum[i][row] = _mm512_fmadd_ps(part[i][row], _mm512_set1_ps(token[i].scale), sum[i][row]);
    }
  }
}

MINKE_INLINE void multiply_block(struct minke_layout layout, size_t count, const struct weights *weights,
                                 const minke_activation_block *token, __m512 sum[][2]) {
  if (minke_scales_halves(layout))
    multiply_halves(layout, count, weights, token, sum);
  else
    multiply_whole(layout, count, weights, token, sum);
}

/// Adds the products of a block and `count` tokens to their places in memory.
MINKE_INLINE void multiply_block_in_memory(struct minke_layout layout, size_t count, const struct weights *weights,
                                           const minke_activation_block *token, float *sums) {
  __m512 sum[MOST_TOGETHER][2];
  UNROLL for (size_t i = 0; i < 2 * count; i++) sum[i / 2][i % 2] = _mm512_load_ps(sums + 16 * i);
  multiply_block(layout, count, weights, token, sum);
  UNROLL for (size_t i = 0; i < 2 * count; i++) _mm512_store_ps(sums + 16 * i, sum[i / 2][i % 2]);
}

/// Reads a header line by line, as everything else is read: its scales are used one block after the other between the
/// codes, and processors follow one stream in steps better than two.
MINKE_INLINE void touch(const uint8_t *header, size_t count) {
  UNROLL for (size_t i = 0; i < count; i += 64) _mm_prefetch((const char *)header + i, _MM_HINT_T0);
}

/// A panel times `tokens` tokens. With `fixed` tokens, 1 or 2, their sums stay in registers; else (0) in `sums`.
MINKE_INLINE void multiply(struct minke_layout layout, size_t fixed, const uint8_t *panel,
                           const minke_activation_block *token, size_t block_count, size_t tokens, float *sums) {
  const size_t header_bytes = minke_header_bytes(layout);
  const size_t code_bytes = minke_code_bytes(layout.codes), stride = minke_block_stride(layout);
  __m512 fixed_sums[MOST_TOGETHER][2];
  UNROLL for (size_t i = 0; i < fixed; i++) fixed_sums[i][0] = fixed_sums[i][1] = _mm512_setzero_ps();
  if (fixed == 0) memset(sums, 0, tokens * MINKE_PANEL_ROWS * sizeof(float));

  const uint8_t *header = panel;
  for (size_t block = 0; block < block_count; block++) {
    if (header_bytes && block % 8 == 0) {
      header = panel;
      touch(header, header_bytes);
      panel += header_bytes;
    }
    struct weights weights;
    load_codes(layout, panel, &weights);
    load_scales(layout, header, panel + code_bytes, block % 8, &weights);
    panel += stride;
    if (fixed) {
      multiply_block(layout, fixed, &weights, token, fixed_sums);
      token += fixed;
      continue;
    }
    float *place = sums;
    const minke_activation_block *end = token + tokens;
    for (; token + 1 < end; token += 2, place += 2 * MINKE_PANEL_ROWS)
      multiply_block_in_memory(layout, 2, &weights, token, place);
    if (token < end) multiply_block_in_memory(layout, 1, &weights, token++, place);
  }
  UNROLL for (size_t i = 0; i < 2 * fixed; i++) _mm512_store_ps(sums + 16 * i, fixed_sums[i / 2][i % 2]);
}

#define INTEGER_KERNEL(NAME, ...)                                                                                  \
  static void multiply_##NAME(const uint8_t *panel, const minke_activation_block *blocks, size_t count,            \
                              size_t tokens, float *sums) {                                                        \
    const struct minke_layout layout = {__VA_ARGS__};                                                              \
    if (tokens == 1)                                                                                               \
      multiply(layout, 1, panel, blocks, count, 1, sums);                                                          \
    else if (tokens == 2)                                                                                          \
      multiply(layout, 2, panel, blocks, count, 2, sums);                                                          \
    else                                                                                                           \
      multiply(layout, 0, panel, blocks, count, tokens, sums);                                                     \
  }
MINKE_INTEGER_FORMATS(INTEGER_KERNEL)

/// Sixteen weights of a float panel.
MINKE_INLINE __m512 load_floats(minke_packed_format format, const uint8_t *panel, size_t index) {
  if (format == MINKE_PACKED_F32) return _mm512_load_ps((const float *)panel + index);
  __m256i halves = _mm256_load_si256((const __m256i *)(panel + 2 * index));
  return format == MINKE_PACKED_F16 ? widen_halves(halves) : widen_bfloats(halves);
}

/// A float panel times a fixed number of tokens, whose sums stay in registers.
MINKE_INLINE void multiply_float_tokens(minke_packed_format format, size_t tokens, const uint8_t *panel,
                                        const float *input, size_t stride, size_t depth, float *sums) {
  __m512 sum[8][2];
  UNROLL for (size_t i = 0; i < tokens; i++) sum[i][0] = sum[i][1] = _mm512_setzero_ps();
  for (size_t k = 0; k < depth; k++) {
    __m512 low = load_floats(format, panel, 32 * k), high = load_floats(format, panel, 32 * k + 16);
    UNROLL for (size_t i = 0; i < tokens; i++) {
      __m512 value = _mm512_set1_ps(input[i * stride + k]);
      sum[i][0] = _mm512_fmadd_ps(low, value, sum[i][0]);
      sum[i][1] = _mm512_fmadd_ps(high, value, sum[i][1]);
    }
  }
  UNROLL for (size_t i = 0; i < 2 * tokens; i++) _mm512_store_ps(sums + 16 * i, sum[i / 2][i % 2]);
}

#define FLOAT_STEP(NAME, COUNT)                                                                                    \
  for (; tokens >= COUNT; tokens -= COUNT, input += COUNT * stride, sums += COUNT * MINKE_PANEL_ROWS)              \
    multiply_float_tokens(MINKE_PACKED_##NAME, COUNT, panel, input, stride, depth, sums);
#define FLOAT_KERNEL(NAME)                                                                                         \
  static void multiply_##NAME(const uint8_t *panel, const float *input, size_t stride, size_t depth,               \
                              size_t tokens, float *sums) {                                                        \
    FLOAT_STEP(NAME, 8)                                                                                            \
    FLOAT_STEP(NAME, 4)                                                                                            \
    FLOAT_STEP(NAME, 2)                                                                                            \
    FLOAT_STEP(NAME, 1)                                                                                            \
  }
FLOAT_KERNEL(F32)
FLOAT_KERNEL(F16)
FLOAT_KERNEL(BF16)

/// Codes, sums and scale of one block.
MINKE_INLINE void quantize_block(const float *input, minke_activation_block *out) {
  const __m512 low = _mm512_loadu_ps(input), high = _mm512_loadu_ps(input + 16);
  const __m512i magnitudes = _mm512_set1_epi32(0x7fffffff);
  __m512i largest = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(low), magnitudes),
                                     _mm512_and_si512(_mm512_castps_si512(high), magnitudes));
  uint32_t magnitude = (uint32_t)_mm512_reduce_max_epi32(largest);
  float scalar = minke_code_factor(magnitude);
  __m512 factor = _mm512_set1_ps(scalar);
  __mmask16 keep = scalar != 0 ? 0xffff : 0;
  const __m512 scaled[2] = {_mm512_mul_ps(low, factor), _mm512_mul_ps(high, factor)};
  const __m512i codes[2] = {_mm512_maskz_cvtps_epi32(keep, scaled[0]), _mm512_maskz_cvtps_epi32(keep, scaled[1])};
  _mm_storeu_si128((__m128i *)out->codes, _mm512_cvtepi32_epi8(codes[0]));
  _mm_storeu_si128((__m128i *)(out->codes + 16), _mm512_cvtepi32_epi8(codes[1]));
  const __m512 rounded[2] = {_mm512_cvtepi32_ps(codes[0]), _mm512_cvtepi32_ps(codes[1])};
  const __m512 products = _mm512_fmadd_ps(rounded[1], scaled[1], _mm512_mul_ps(rounded[0], scaled[0]));
  const __m512 squares = _mm512_fmadd_ps(rounded[1], rounded[1], _mm512_mul_ps(rounded[0], rounded[0]));
  minke_finish_block(out, magnitude, _mm512_reduce_add_epi32(codes[0]), _mm512_reduce_add_epi32(codes[1]),
                     _mm512_reduce_add_ps(products), _mm512_reduce_add_ps(squares));
}

COMMON_KERNELS

#pragma clang attribute pop

const struct minke_matmul_table minke_matmul_avx512 = MATMUL_TABLE;

#endif
