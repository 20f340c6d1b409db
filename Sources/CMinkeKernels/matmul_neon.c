// Kernels for arm64 with dot products: eight rows of a block fill sixteen registers, over which the tokens sweep.
#if defined(__aarch64__)

#include <arm_neon.h>
#include <string.h>

#include "matmul_kernels.h"

#pragma STDC FP_CONTRACT OFF
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define UNROLL _Pragma("clang loop unroll(full)")

/// Eight rows of one block in registers; [0] is rows 0…3 and [1] is rows 4…7.
struct weights {
  int8x16_t codes[8][2];        // [k4-group][row part]
  float32x4_t scale[2][2];      // [depth half][row part]; only the first where a block has one scale
  float32x4_t minimum[2];       // of the block; of the super-block when depth halves have their own
  int32x4_t sub_minimum[2][2];  // [depth half][row part]
};

/// Codes of eight bits and from a codebook are used as signed bytes, with no zero point.
MINKE_INLINE bool is_signed(struct minke_layout layout) { return layout.codes == MINKE_CODES_8 || layout.book; }

MINKE_INLINE uint8x16_t bits(uint8x16_t bytes, int left, int mask) {
  // A negative count shifts right.
  return vandq_u8(vshlq_u8(bytes, vdupq_n_s8((int8_t)left)), vdupq_n_u8((uint8_t)mask));
}

/// `bytes` is the block's first byte of the eight rows.
MINKE_INLINE void load_codes(struct minke_layout layout, const uint8_t *bytes, struct weights *out) {
  const enum minke_codes codes = layout.codes;
  const int8x16_t book = vld1q_s8(minke_books[layout.book]);
  UNROLL for (int part = 0; part < 2; part++, bytes += 16) {
    UNROLL for (int group = 0; group < 8; group++) {
      uint8x16_t code;
      if (codes == MINKE_CODES_8) {
        code = veorq_u8(vld1q_u8(bytes + 128 * group), vdupq_n_u8(0x80));
      } else if (codes == MINKE_CODES_2 || codes == MINKE_CODES_3) {
        code = bits(vld1q_u8(bytes + 128 * (group / 4)), -2 * (group % 4), 3);
        if (codes == MINKE_CODES_3) code = vorrq_u8(code, bits(vld1q_u8(bytes + 256), 2 - group, 4));
      } else {
        code = bits(vld1q_u8(bytes + 128 * (group / 2)), -4 * (group % 2), 15);
        if (codes == MINKE_CODES_5) code = vorrq_u8(code, bits(vld1q_u8(bytes + 512), 4 - group, 16));
        if (codes == MINKE_CODES_6)
          code = vorrq_u8(code, bits(vld1q_u8(bytes + 512 + 128 * (group / 4)), 4 - 2 * (group % 4), 48));
      }
      out->codes[group][part] = layout.book ? vqtbl1q_s8(book, code) : vreinterpretq_s8_u8(code);
    }
  }
}

/// Four halves.
MINKE_INLINE float32x4_t load_halves(const uint8_t *bytes) {
  return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(bytes)));
}

/// Four bfloat16.
MINKE_INLINE float32x4_t load_bfloats(const uint8_t *bytes) {
  return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(bytes)), 16));
}

/// Four scales or minimums.
MINKE_INLINE float32x4_t load_wide(struct minke_layout layout, const uint8_t *bytes) {
  const float32x4_t wide = layout.scales == MINKE_SCALES_BF16 ? load_bfloats(bytes) : load_halves(bytes);
  return layout.shift ? vmulq_n_f32(wide, minke_scale_factor(layout)) : wide;
}

/// Eight signed bytes as 32-bit integers, four in each part.
MINKE_INLINE void load_bytes(const uint8_t *bytes, int32x4_t out[2]) {
  int16x8_t eight = vmovl_s8(vreinterpret_s8_u8(vld1_u8(bytes)));
  out[0] = vmovl_s16(vget_low_s16(eight));
  out[1] = vmovl_s16(vget_high_s16(eight));
}

MINKE_INLINE void load_scales(struct minke_layout layout, const uint8_t *header, const uint8_t *trailer, size_t sub,
                              size_t row, struct weights *out) {
  const enum minke_scales scales = layout.scales;
  const uint8_t *wide = (minke_scales_trail(layout) ? trailer : header) + 2 * row;
  const uint8_t *integers = header + minke_sub_scales(layout, sub) + row;
  int32x4_t values[2];
  float32x4_t scale[2];
  UNROLL for (int part = 0; part < 2; part++) {
    out->scale[0][part] = scale[part] = load_wide(layout, wide + 8 * part);
    if (layout.minimum) out->minimum[part] = load_wide(layout, wide + 64 + 8 * part);
  }
  if (scales == MINKE_SCALES_SUPER_32) {
    load_bytes(integers, values);
    UNROLL for (int part = 0; part < 2; part++) out->scale[0][part] = vmulq_f32(scale[part], vcvtq_f32_s32(values[part]));
    if (!layout.minimum) return;
    load_bytes(header + minke_sub_minimums(sub) + row, values);
    UNROLL for (int part = 0; part < 2; part++)
      out->minimum[part] = vmulq_f32(out->minimum[part], vcvtq_f32_s32(values[part]));
  } else if (minke_scales_halves(layout)) {
    UNROLL for (int half = 0; half < 2; half++) {
      load_bytes(integers + 32 * half, values);
      UNROLL for (int part = 0; part < 2; part++) {
        if (scales == MINKE_SCALES_NIBBLES) {
          out->sub_minimum[half][part] = vandq_s32(vshrq_n_s32(values[part], 4), vdupq_n_s32(15));
          values[part] = vandq_s32(values[part], vdupq_n_s32(15));
        }
        out->scale[half][part] = vmulq_f32(scale[part], vcvtq_f32_s32(values[part]));
      }
    }
  }
}

/// Adds the dot products over k4-groups [4 · half, 4 · half + 4) to the sums of eight rows.
MINKE_INLINE void multiply_half(const struct weights *weights, const minke_activation_block *token, int half,
                                int32x4_t dot[2]) {
  const int8x16_t input = vld1q_s8(token->codes + 16 * half);
  UNROLL for (int part = 0; part < 2; part++) {
    dot[part] = vdotq_laneq_s32(dot[part], weights->codes[4 * half][part], input, 0);
    dot[part] = vdotq_laneq_s32(dot[part], weights->codes[4 * half + 1][part], input, 1);
    dot[part] = vdotq_laneq_s32(dot[part], weights->codes[4 * half + 2][part], input, 2);
    dot[part] = vdotq_laneq_s32(dot[part], weights->codes[4 * half + 3][part], input, 3);
  }
}

/// Adds the product of eight rows of a block with one scale and one token to `sums`.
MINKE_INLINE void multiply_whole(int zero_point, bool minimum, const struct weights *weights,
                                 const minke_activation_block *token, float *sums) {
  int32x4_t dot[2];
  dot[0] = dot[1] = vdupq_n_s32(zero_point * token->negated_sum);
  multiply_half(weights, token, 0, dot);
  multiply_half(weights, token, 1, dot);
  UNROLL for (int part = 0; part < 2; part++) {
    float32x4_t sum = vld1q_f32(sums + 4 * part);
    sum = vfmaq_f32(sum, vmulq_n_f32(weights->scale[0][part], token->scale), vcvtq_f32_s32(dot[part]));
    if (minimum) sum = vfmaq_n_f32(sum, weights->minimum[part], token->scaled_sum);
    vst1q_f32(sums + 4 * part, sum);
  }
}

/// Adds the product of eight rows of a block whose depth halves have their own scales and one token to `sums`.
MINKE_INLINE void multiply_halves(int zero_point, bool minimum, const struct weights *weights,
                                  const minke_activation_block *token, float *sums) {
  float32x4_t parts[2];
  UNROLL for (int half = 0; half < 2; half++) {
    int32x4_t dot[2];
    dot[0] = dot[1] = vdupq_n_s32(-zero_point * token->half_sums[half]);
    multiply_half(weights, token, half, dot);
    UNROLL for (int part = 0; part < 2; part++) {
      const float32x4_t product = vcvtq_f32_s32(dot[part]), scale = weights->scale[half][part];
      parts[part] = half == 0 ? vmulq_f32(scale, product) : vfmaq_f32(parts[part], scale, product);
    }
  }
  UNROLL for (int part = 0; part < 2; part++) {
    if (minimum) {
      int32x4_t offset = vmulq_n_s32(weights->sub_minimum[0][part], token->half_sums[0]);
      offset = vmlaq_n_s32(offset, weights->sub_minimum[1][part], token->half_sums[1]);
      parts[part] = vfmaq_f32(parts[part], weights->minimum[part], vcvtq_f32_s32(offset));
    }
    vst1q_f32(sums + 4 * part, vfmaq_n_f32(vld1q_f32(sums + 4 * part), parts[part], token->scale));
  }
}

/// Adds the product of eight rows of a block and one token to `sums`.
MINKE_INLINE void multiply_block(struct minke_layout layout, const struct weights *weights,
                                 const minke_activation_block *token, float *sums) {
  const int zero_point = is_signed(layout) ? 0 : layout.zero_point;
  if (minke_scales_halves(layout))
    multiply_halves(zero_point, layout.minimum, weights, token, sums);
  else
    multiply_whole(zero_point, layout.minimum, weights, token, sums);
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
      for (size_t token = 0; token < tokens; token++)
        multiply_block(layout, &weights, blocks + token, sums + token * MINKE_PANEL_ROWS + row);
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

/// Four weights of a float panel.
MINKE_INLINE float32x4_t load_floats(minke_packed_format format, const uint8_t *panel, size_t index) {
  if (format == MINKE_PACKED_F32) return vreinterpretq_f32_u8(vld1q_u8(panel + 4 * index));
  return format == MINKE_PACKED_F16 ? load_halves(panel + 2 * index) : load_bfloats(panel + 2 * index);
}

/// A float panel times one or two tokens, whose sums stay in registers.
MINKE_INLINE void multiply_float_tokens(minke_packed_format format, size_t tokens, const uint8_t *panel,
                                        const float *input, size_t stride, size_t depth, float *sums) {
  float32x4_t sum[2][8];
  UNROLL for (size_t i = 0; i < 8 * tokens; i++) sum[i / 8][i % 8] = vdupq_n_f32(0);
  for (size_t k = 0; k < depth; k++) {
    UNROLL for (size_t part = 0; part < 8; part++) {
      float32x4_t weight = load_floats(format, panel, 32 * k + 4 * part);
      UNROLL for (size_t i = 0; i < tokens; i++)
        sum[i][part] = vfmaq_n_f32(sum[i][part], weight, input[i * stride + k]);
    }
  }
  UNROLL for (size_t i = 0; i < 8 * tokens; i++) vst1q_f32(sums + 4 * i, sum[i / 8][i % 8]);
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

/// Σ a · b of 32 elements in sixteen lanes.
MINKE_INLINE float add_products(const float32x4_t a[8], const float32x4_t b[8]) {
  float32x4_t four[4];
  UNROLL for (int i = 0; i < 4; i++) four[i] = vfmaq_f32(vmulq_f32(a[i], b[i]), a[i + 4], b[i + 4]);
  float32x4_t sum = vaddq_f32(vaddq_f32(four[0], four[2]), vaddq_f32(four[1], four[3]));
  float32x2_t two = vadd_f32(vget_low_f32(sum), vget_high_f32(sum));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/// Codes, sums and scale of one block.
MINKE_INLINE void quantize_block(const float *input, minke_activation_block *out) {
  float32x4_t values[8], rounded[8];
  uint32x4_t largest = vdupq_n_u32(0);
  UNROLL for (int i = 0; i < 8; i++) {
    values[i] = vld1q_f32(input + 4 * i);
    largest = vmaxq_u32(largest, vandq_u32(vreinterpretq_u32_f32(values[i]), vdupq_n_u32(0x7fffffff)));
  }
  const uint32_t magnitude = vmaxvq_u32(largest);
  const float factor = minke_code_factor(magnitude);
  const uint32x4_t keep = vdupq_n_u32(factor != 0 ? 0xffffffff : 0);
  int sums[2];
  UNROLL for (int half = 0; half < 2; half++) {
    int16x4_t narrow[4];
    UNROLL for (int i = 0; i < 4; i++) {
      float32x4_t *value = &values[4 * half + i];
      *value = vmulq_n_f32(*value, factor);
      int32x4_t code = vandq_s32(vcvtnq_s32_f32(*value), vreinterpretq_s32_u32(keep));
      rounded[4 * half + i] = vcvtq_f32_s32(code);
      narrow[i] = vmovn_s32(code);
    }
    int16x8_t first = vcombine_s16(narrow[0], narrow[1]), last = vcombine_s16(narrow[2], narrow[3]);
    sums[half] = vaddvq_s16(vaddq_s16(first, last));
    vst1q_s8(out->codes + 16 * half, vcombine_s8(vmovn_s16(first), vmovn_s16(last)));
  }
  minke_finish_block(out, magnitude, sums[0], sums[1], add_products(rounded, values), add_products(rounded, rounded));
}

COMMON_KERNELS

#pragma clang attribute pop

const struct minke_matmul_table minke_matmul_neon = MATMUL_TABLE;

#endif
