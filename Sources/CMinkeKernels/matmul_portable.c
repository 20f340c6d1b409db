// The reference kernels in plain C: what every instruction set must reproduce bit for bit.
#include <math.h>
#include <string.h>

#include "matmul_kernels.h"

#pragma STDC FP_CONTRACT OFF

/// The code at byte `byte` of k4-group `group` of a block.
MINKE_INLINE int code_at(enum minke_codes codes, const uint8_t *block, int group, int byte) {
  int low4 = (block[128 * (group / 2) + byte] >> (4 * (group % 2))) & 15;
  int low2 = (block[128 * (group / 4) + byte] >> (2 * (group % 4))) & 3;
  switch (codes) {
    case MINKE_CODES_2: return low2;
    case MINKE_CODES_3: return low2 | ((block[256 + byte] >> group) & 1) << 2;
    case MINKE_CODES_4: return low4;
    case MINKE_CODES_5: return low4 | ((block[512 + byte] >> group) & 1) << 4;
    case MINKE_CODES_6: return low4 | ((block[512 + 128 * (group / 4) + byte] >> (2 * (group % 4))) & 3) << 4;
    case MINKE_CODES_8: return block[128 * group + byte];
  }
}

/// The scales of one row of one block.
struct row_scales {
  float scale[2];  // of the block, or of each half of it
  float minimum;   // of the block, or of the super-block when halves have their own
  int sub_minimum[2];
};

/// What the code stands for, in units of the scale.
MINKE_INLINE int value_at(struct minke_layout layout, const uint8_t *block, int group, int byte) {
  int code = code_at(layout.codes, block, group, byte);
  return layout.book ? minke_books[layout.book][code] : code - layout.zero_point;
}

/// A scale or minimum.
MINKE_INLINE float scale_at(struct minke_layout layout, const uint8_t *scales, int row) {
  uint16_t bits;
  memcpy(&bits, scales + 2 * row, sizeof bits);
  float scale = layout.scales == MINKE_SCALES_BF16 ? minke_bfloat_to_float(bits) : minke_half_to_float(bits);
  return scale * minke_scale_factor(layout);
}

MINKE_INLINE struct row_scales scales_at(struct minke_layout layout, const uint8_t *header, const uint8_t *trailer,
                                         size_t sub, int row) {
  const uint8_t *scales = minke_scales_trail(layout) ? trailer : header;
  const float scale = scale_at(layout, scales, row);
  struct row_scales out = {.scale = {scale, scale}};
  if (layout.minimum) out.minimum = scale_at(layout, scales + 64, row);
  const uint8_t *integers = header + minke_sub_scales(layout, sub) + row;
  switch (layout.scales) {
    case MINKE_SCALES_F16:
    case MINKE_SCALES_BF16:
    case MINKE_SCALES_SUPER: break;
    case MINKE_SCALES_SUPER_32:
      out.scale[0] *= (float)(int8_t)integers[0];
      if (layout.minimum) out.minimum *= (float)(int8_t)header[minke_sub_minimums(sub) + (size_t)row];
      break;
    case MINKE_SCALES_SUPER_16:
      for (int h = 0; h < 2; h++) out.scale[h] *= (float)(int8_t)integers[32 * h];
      break;
    case MINKE_SCALES_NIBBLES:
      for (int h = 0; h < 2; h++) {
        out.scale[h] *= (float)(integers[32 * h] & 15);
        out.sub_minimum[h] = integers[32 * h] >> 4;
      }
      break;
  }
  return out;
}

/// One block of one row times one token, added to `sum`.
MINKE_INLINE float multiply_row(struct minke_layout layout, const int *values, struct row_scales scales,
                                const minke_activation_block *input, float sum) {
  int dots[2] = {0, 0};
  for (int half = 0; half < 2; half++)
    for (int k = 16 * half; k < 16 * half + 16; k++) dots[half] += values[k] * input->codes[k];
  if (minke_scales_halves(layout)) {
    float part = scales.scale[0] * (float)dots[0];
    part = fmaf(scales.scale[1], (float)dots[1], part);
    if (layout.minimum) {
      int offset = scales.sub_minimum[0] * input->half_sums[0] + scales.sub_minimum[1] * input->half_sums[1];
      part = fmaf(scales.minimum, (float)offset, part);
    }
    return fmaf(part, input->scale, sum);
  }
  float scale = scales.scale[0] * input->scale;
  sum = fmaf(scale, (float)(dots[0] + dots[1]), sum);
  return layout.minimum ? fmaf(scales.minimum, input->scaled_sum, sum) : sum;
}

MINKE_INLINE void multiply_integers(struct minke_layout layout, const uint8_t *panel,
                                    const minke_activation_block *blocks, size_t block_count, size_t tokens,
                                    float *sums) {
  const size_t header_bytes = minke_header_bytes(layout);
  const size_t code_bytes = minke_code_bytes(layout.codes);
  const uint8_t *header = panel;
  memset(sums, 0, tokens * MINKE_PANEL_ROWS * sizeof(float));
  for (size_t block = 0; block < block_count; block++) {
    if (block % 8 == 0) {
      header = panel;
      panel += header_bytes;
    }
    for (int row = 0; row < MINKE_PANEL_ROWS; row++) {
      int values[MINKE_BLOCK_DEPTH];
      for (int group = 0; group < 8; group++)
        for (int i = 0; i < 4; i++)
          values[4 * group + i] = value_at(layout, panel, group, 4 * row + i);
      struct row_scales scales = scales_at(layout, header, panel + code_bytes, block % 8, row);
      for (size_t token = 0; token < tokens; token++) {
        float *sum = sums + token * MINKE_PANEL_ROWS + row;
        *sum = multiply_row(layout, values, scales, blocks + block * tokens + token, *sum);
      }
    }
    panel += code_bytes + minke_trailer_bytes(layout);
  }
}

#define INTEGER_KERNEL(NAME, ...)                                                                       \
  static void multiply_##NAME(const uint8_t *panel, const minke_activation_block *blocks, size_t count, \
                              size_t tokens, float *sums) {                                             \
    multiply_integers((struct minke_layout){__VA_ARGS__}, panel, blocks, count, tokens, sums);          \
  }
MINKE_INTEGER_FORMATS(INTEGER_KERNEL)

/// Element `index` of a float panel.
MINKE_INLINE float float_at(minke_packed_format format, const uint8_t *panel, size_t index) {
  if (format == MINKE_PACKED_F32) {
    float value;
    memcpy(&value, panel + 4 * index, sizeof value);
    return value;
  }
  uint16_t value;
  memcpy(&value, panel + 2 * index, sizeof value);
  return format == MINKE_PACKED_F16 ? minke_half_to_float(value) : minke_bfloat_to_float(value);
}

MINKE_INLINE void multiply_floats(minke_packed_format format, const uint8_t *panel, const float *input, size_t stride,
                                  size_t depth, size_t tokens, float *sums) {
  memset(sums, 0, tokens * MINKE_PANEL_ROWS * sizeof(float));
  for (size_t k = 0; k < depth; k++) {
    float weights[MINKE_PANEL_ROWS];
    for (size_t row = 0; row < MINKE_PANEL_ROWS; row++) weights[row] = float_at(format, panel, 32 * k + row);
    for (size_t token = 0; token < tokens; token++) {
      float *sum = sums + token * MINKE_PANEL_ROWS, value = input[token * stride + k];
      for (size_t row = 0; row < MINKE_PANEL_ROWS; row++) sum[row] = fmaf(weights[row], value, sum[row]);
    }
  }
}

#define FLOAT_KERNEL(NAME)                                                                                \
  static void multiply_##NAME(const uint8_t *panel, const float *input, size_t stride, size_t depth,      \
                              size_t tokens, float *sums) {                                               \
    multiply_floats(MINKE_PACKED_##NAME, panel, input, stride, depth, tokens, sums);                      \
  }
FLOAT_KERNEL(F32)
FLOAT_KERNEL(F16)
FLOAT_KERNEL(BF16)

/// The sum of sixteen lanes, added by halves.
static float add_lanes(float lanes[16]) {
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

/// Codes, sums and scale of one block.
static void quantize_block(const float *input, minke_activation_block *out) {
  uint32_t largest = 0;
  for (int i = 0; i < MINKE_BLOCK_DEPTH; i++) {
    uint32_t bits;
    memcpy(&bits, input + i, sizeof bits);
    bits &= 0x7fffffff;
    if (bits > largest) largest = bits;
  }
  float factor = minke_code_factor(largest);
  int sums[2] = {0, 0};
  float products[16] = {0}, squares[16] = {0};
  for (int i = 0; i < MINKE_BLOCK_DEPTH; i++) {
    float value = input[i] * factor;
    int code = factor != 0 ? (int)nearbyintf(value) : 0;
    out->codes[i] = (int8_t)code;
    sums[i / 16] += code;
    products[i % 16] = fmaf((float)code, value, products[i % 16]);
    squares[i % 16] = fmaf((float)code, (float)code, squares[i % 16]);
  }
  minke_finish_block(out, largest, sums[0], sums[1], add_lanes(products), add_lanes(squares));
}

COMMON_KERNELS

const struct minke_matmul_table minke_matmul_portable = MATMUL_TABLE;
