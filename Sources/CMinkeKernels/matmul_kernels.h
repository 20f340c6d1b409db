// What an instruction set provides: one table of functions.
#ifndef MINKE_MATMUL_KERNELS_H
#define MINKE_MATMUL_KERNELS_H

#include "matmul_layout.h"

/// A panel of an integer format times up to MINKE_TOKEN_GROUP tokens. `sums` gets [tokens][32 rows], 64-byte aligned.
///
/// Per row and token, for each block along the depth in ascending order, every instruction set computes
///
///     dot = Σ (code − zero point) · activation                                exact, 32-bit integers
///     sum = fma(scale · activation_scale, (float)dot, sum)                    two roundings
///     sum = fma(minimum, activation_scaled_sum, sum)                          if there is a minimum
///
/// where scale and minimum of a block are exact products of the half, the format's power of two and the integer. With scales for sixteen elements,
/// `dot`, `scale` and `minimum` are those of a half of the depth, and
///
///     part = scale[0] · (float)dot[0]
///     part = fma(scale[1], (float)dot[1], part)
///     part = fma(super-minimum, (float)(Σ over halves: sub_minimum · half_sum), part)   if there is a minimum
///     sum = fma(part, activation_scale, sum)
///
/// so the result is the same bits for any instruction set, number of tokens and number of threads.
typedef void minke_integer_kernel(const uint8_t *panel, const minke_activation_block *blocks, size_t block_count,
                                  size_t tokens, float *sums);

/// A float panel times up to MINKE_TOKEN_GROUP tokens: sum = fma(weight, activation, sum) for ascending depth.
typedef void minke_float_kernel(const uint8_t *panel, const float *input, size_t stride, size_t depth, size_t tokens,
                                float *sums);

/// Quantises `count` blocks of one token, as `minke_quantize`.
typedef void minke_quantize_kernel(const float *input, size_t count, minke_activation_block *blocks, size_t stride);

/// Writes the sums of `tokens` tokens from `token` on and of one panel to the product's output, with the bias.
typedef void minke_store_kernel(const minke_product *product, size_t panel, size_t token, size_t tokens,
                                const float *sums);

struct minke_matmul_table {
  minke_integer_kernel *integer[MINKE_PACKED_FORMAT_COUNT];  // null for the float formats
  minke_float_kernel *floats[3];                             // F32, F16, BF16
  minke_quantize_kernel *quantize;
  minke_store_kernel *store;
};

/// The factor from activations to codes, 0 when all codes are 0: below the threshold it would overflow, and values
/// that are not finite have no code. `magnitude` is the block's largest, compared as an integer, so that infinity is
/// above every number and NaN above infinity.
MINKE_INLINE float minke_code_factor(uint32_t magnitude_bits) {
  float magnitude;
  __builtin_memcpy(&magnitude, &magnitude_bits, sizeof magnitude);
  return magnitude >= 0x1p-100f && magnitude < __builtin_inff() ? 127.0f / magnitude : 0.0f;
}

/// All but the codes of an activation block; `first` and `last` are the sums of the halves.
///
/// The scale is the one whose multiples of the codes lie nearest to the values by least squares: magnitude / 127 times
/// Σ code · value / Σ code², the values being those that were rounded to the codes. Both sums have sixteen lanes, lane i
/// of elements i and i + 16, which are added by halves: 8, 4, 2, 1.
MINKE_INLINE void minke_finish_block(minke_activation_block *out, uint32_t magnitude_bits, int first, int last,
                                     float products, float squares) {
  float magnitude;
  __builtin_memcpy(&magnitude, &magnitude_bits, sizeof magnitude);
  bool finite = magnitude < __builtin_inff();
  out->scale = !finite ? __builtin_nanf("") : magnitude >= 0x1p-100f ? magnitude / 127.0f * (products / squares) : 0.0f;
  out->scaled_sum = out->scale * (float)(first + last);
  out->negated_sum = -(first + last);
  out->half_sums[0] = (int16_t)first;
  out->half_sums[1] = (int16_t)last;
}

/// One token's sums to their places. The branch keeps processors from reading a bias that is not there, even under a
/// mask of zeros; `count` is a constant for whole panels, so that the loops become vectors.
MINKE_INLINE void minke_store_row(float *restrict output, const float *restrict bias, const float *restrict sums,
                                  size_t count) {
  if (bias) {
    for (size_t row = 0; row < count; row++) output[row] = sums[row] + bias[row];
  } else {
    __builtin_memcpy(output, sums, count * sizeof(float));
  }
}

MINKE_INLINE void minke_store_sums(const minke_product *product, size_t panel, size_t token, size_t tokens,
                                   const float *sums) {
  const size_t first = panel * MINKE_PANEL_ROWS, count = product->rows - first;
  const float *bias = product->bias ? product->bias + first : NULL;
  float *output = product->output + token * product->output_stride + first;
  for (size_t i = 0; i < tokens; i++, output += product->output_stride, sums += MINKE_PANEL_ROWS) {
    if (count >= MINKE_PANEL_ROWS)
      minke_store_row(output, bias, sums, MINKE_PANEL_ROWS);
    else
      minke_store_row(output, bias, sums, count);
  }
}

/// What every instruction set has alike, written once over its `quantize_block`. It is a macro, so that it is compiled
/// with the target features of the file that names it.
#define COMMON_KERNELS                                                                                           \
  static void store(const minke_product *product, size_t panel, size_t token, size_t tokens, const float *sums) { \
    minke_store_sums(product, panel, token, tokens, sums);                                                       \
  }                                                                                                              \
  QUANTIZE_KERNEL
#define QUANTIZE_KERNEL                                                                                          \
  static void quantize(const float *input, size_t count, minke_activation_block *blocks, size_t stride) {        \
    for (size_t block = 0; block < count; block++)                                                               \
      quantize_block(input + block * MINKE_BLOCK_DEPTH, blocks + block * stride);                                \
  }

/// The table of an instruction set's kernels, which each file names alike.
#define MATMUL_ENTRY(NAME, ...) [MINKE_PACKED_##NAME] = multiply_##NAME,
#define MATMUL_TABLE                                                                                             \
  {                                                                                                              \
      .integer = {MINKE_INTEGER_FORMATS(MATMUL_ENTRY)},                                                          \
      .floats = {multiply_F32, multiply_F16, multiply_BF16},                                                     \
      .quantize = quantize,                                                                                      \
      .store = store,                                                                                            \
  }

extern const struct minke_matmul_table minke_matmul_portable;
#if defined(__x86_64__)
extern const struct minke_matmul_table minke_matmul_avx2;
extern const struct minke_matmul_table minke_matmul_avx512;
#elif defined(__aarch64__)
extern const struct minke_matmul_table minke_matmul_neon;
#endif

#endif
