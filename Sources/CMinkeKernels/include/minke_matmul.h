// Weight formats, activation quantisation and matrix products on packed weights.
//
// All sizes given here are trusted: the Swift callers check them with overflow-checked arithmetic against the
// bytes there are. Element types carry GGML's numbers.
#ifndef MINKE_MATMUL_H
#define MINKE_MATMUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "minke_cpu.h"

#pragma clang assume_nonnull begin

/// The version of the packed layout. Packed weights are kept on disk: whoever changes what a panel's bytes mean, on any
/// instruction set, raises it.
#define MINKE_PACK_VERSION 1

/// Rows of a weight matrix that lie interleaved in one packed panel.
#define MINKE_PANEL_ROWS 32
/// Elements along the depth that share one activation scale, and one packed code block.
#define MINKE_BLOCK_DEPTH 32
/// Tokens whose quantised activations lie side by side.
#define MINKE_TOKEN_GROUP 32

/// The packed formats: the few layouts that kernels know, onto which the stored types map one to one or many to one.
///
/// Integer formats differ in code width, in what codes stand for, in where scales lie, in the zero point and in the kind
/// of minimum; `matmul_layout.h` holds that table. All of a panel's bytes form one stream in the order a product reads them.
typedef enum minke_packed_format {
  /// Float panels: for each depth index, the 32 rows' values side by side.
  MINKE_PACKED_F32 = 0,
  MINKE_PACKED_F16 = 1,
  MINKE_PACKED_BF16 = 2,
  /// Integer codes with an f16 scale for every 32 elements; affine formats have an f16 minimum beside it.
  MINKE_PACKED_4_SYMMETRIC = 3,
  MINKE_PACKED_4_AFFINE = 4,
  MINKE_PACKED_5_SYMMETRIC = 5,
  MINKE_PACKED_5_AFFINE = 6,
  MINKE_PACKED_8_SYMMETRIC = 7,
  MINKE_PACKED_4_CODEBOOK = 8,
  /// Integer codes with small integer scales under an f16 scale for every 256 elements.
  MINKE_PACKED_SUPER_2_AFFINE = 9,
  MINKE_PACKED_SUPER_3_SYMMETRIC = 10,
  MINKE_PACKED_SUPER_4_AFFINE = 11,
  MINKE_PACKED_SUPER_5_AFFINE = 12,
  MINKE_PACKED_SUPER_6_SYMMETRIC = 13,
  MINKE_PACKED_SUPER_4_CODEBOOK = 14,
  /// Floats of four bits (E2M1) with a bf16 scale, a power of two, for every 32 elements.
  MINKE_PACKED_4_FLOAT = 15,
  /// Ternary codes with an f16 scale for every 256 elements; shifted by an eighth up or down.
  MINKE_PACKED_SUPER_2_SYMMETRIC = 16,
  MINKE_PACKED_SUPER_2_SHIFTED = 17,
  MINKE_PACKED_SUPER_3_SHIFTED = 18,
  /// A magnitude of a grid and a sign, with integer scales for 32 or 16 elements.
  MINKE_PACKED_SUPER_3_GRID_32 = 19,
  MINKE_PACKED_SUPER_3_GRID_16 = 20,
  MINKE_PACKED_SUPER_4_GRID = 21,
  MINKE_PACKED_SUPER_4_ODD = 22,
} minke_packed_format;

#define MINKE_PACKED_FORMAT_COUNT 23

/// Thirty-two activations of one token as signed integers: value ≈ codes · scale.
typedef struct minke_activation_block {
  /// Within −127…127, rounded to nearest, ties to even.
  int8_t codes[MINKE_BLOCK_DEPTH];
  /// About largest magnitude / 127, by least squares; NaN when an activation is not finite.
  float scale;
  /// scale · (sum of the codes), for formats with a minimum.
  float scaled_sum;
  /// −(sum of the codes), for formats with a zero point.
  int32_t negated_sum;
  /// Sums of the first and last sixteen codes.
  int16_t half_sums[2];
} minke_activation_block;

/// One product: out[token][row] = Σ weights[row][depth] · input[token][depth].
///
/// Quantised activations lie in groups of MINKE_TOKEN_GROUP tokens (the last group holds what remains); in a group,
/// block after block along the depth, the group's tokens side by side.
typedef struct minke_product {
  minke_packed_format format;
  size_t rows, depth, tokens;
  const uint8_t *panels;
  /// For the integer formats.
  const minke_activation_block *_Nullable blocks;
  /// For the float formats: row-major, `input_stride` floats from token to token.
  const float *_Nullable input;
  size_t input_stride;
  /// One value a row, added to the product.
  const float *_Nullable bias;
  float *_Nullable output;
  size_t output_stride;
} minke_product;

/// activation(gate) · up of two products of one input and of as many rows, whose own `output` is not used.
typedef struct minke_gated_product {
  minke_product gate, up;
  /// Of `count` elements; `out` may be `gate`.
  void (*activate)(const float *gate, const float *up, float *out, size_t count);
  /// Where the result goes, quantised, as the blocks of a product's input of depth `rows`; rows are then whole blocks.
  minke_activation_block *_Nullable blocks;
  /// Where the result goes as floats.
  float *_Nullable output;
  size_t output_stride;
} minke_gated_product;

/// Writes the elements of one stored row as floats, with exactly GGML's values. False when the type is unknown.
bool minke_dequantize_row(uint32_t element_type, const void *row, size_t columns, float *out);

/// The packed format of a stored type; false when the type is unknown.
bool minke_packed_format_for(uint32_t element_type, minke_packed_format *format);

/// Whether products in this format read quantised activations.
bool minke_format_is_integer(minke_packed_format format);

/// Bytes that 32 rows of `depth` elements take; `depth` is a whole number of stored blocks.
size_t minke_panel_bytes(minke_packed_format format, size_t depth);

/// Packs up to 32 stored rows, `row_bytes` apart, into a panel; rows that are missing become zeros.
void minke_pack_panel(uint32_t element_type, const void *rows, size_t row_bytes, size_t row_count, size_t depth,
                      uint8_t *panel);

/// Quantises blocks [first, first + count) of one token's activations. `input` is the token's first activation;
/// `blocks` is the token's place in its group's first block, and `stride` the number of tokens in the group.
void minke_quantize(minke_cpu_level level, const float *input, size_t first, size_t count,
                    minke_activation_block *blocks, size_t stride);

/// Multiplies panels [first_panel, last_panel) by token groups [first_group, last_group).
void minke_multiply(minke_cpu_level level, const minke_product *product, size_t first_panel, size_t last_panel,
                    size_t first_group, size_t last_group);

/// The same for a gated product: each panel of results is activated, and quantised, while it is in the first cache.
void minke_multiply_gated(minke_cpu_level level, const minke_gated_product *product, size_t first_panel,
                          size_t last_panel, size_t first_group, size_t last_group);

#pragma clang assume_nonnull end

#endif
