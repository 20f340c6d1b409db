// Rows to blocks, for one instruction set: the including file defines QUANTIZE_ROW.

#include "quantize_lanes.h"

#include "quantize_search.inc.h"
#include "quantize_blocks.inc.h"
#include "quantize_super.inc.h"

#pragma STDC FP_CONTRACT OFF

/// The mean square of a row.
static float mean_square(const float *row, size_t columns) {
  lanes sum = 0;
  for (size_t i = 0; i < columns; i += LANES) {
    const lanes x = load_lanes(row + i);
    sum += x * x;
  }
  return lane_sum(sum) / (float)columns;
}

/// How much more the errors of large weights count: they stand before large activations more often than chance would
/// have it. The powers are those with which errors of products with the activations of two models came out least. Where
/// the columns' importance is known, the square root will do.
enum emphasis {
  EMPHASIS_THREE_QUARTERS,  // (σ² + x²)^¾
  EMPHASIS_FULL,            // σ² + x²
};

/// A block's weights and what their squared errors count.
MINKE_INLINE void load_block(const float *row, const float *importance, enum emphasis emphasis, float variance,
                             int count, lanes *x, lanes *w) {
  lanes sum = 0;
  for (int v = 0; v < count; v++) {
    x[v] = load_lanes(row + LANES * v);
    const lanes square = x[v] * x[v] + variance, root = __builtin_elementwise_sqrt(square);
    w[v] = root;
    if (importance) {
      w[v] *= load_lanes(importance + LANES * v);
    } else if (emphasis == EMPHASIS_FULL) {
      w[v] = square;
    } else if (emphasis == EMPHASIS_THREE_QUARTERS) {
      w[v] *= __builtin_elementwise_sqrt(root);
    }
    sum += w[v];
  }
  // Where nothing is of importance, everything is alike.
  if (!(lane_sum(sum) > 0)) {
    for (int v = 0; v < count; v++) w[v] = 1;
  }
}

#define QUANTIZE_BLOCKS(quantize, type, size, emphasis)                                                    \
  for (size_t i = 0; i < columns; i += (size)) {                                                           \
    lanes x[(size) / LANES], w[(size) / LANES];                                                            \
    load_block(row + i, importance ? importance + i : NULL, emphasis, variance, (size) / LANES, x, w);     \
    quantize(x, w, (uint8_t *)out + i / (size) * sizeof(type));                                            \
  }                                                                                                        \
  return true

bool QUANTIZE_ROW(uint32_t element_type, const float *row, const float *importance, size_t columns, void *out) {
  const float variance = mean_square(row, columns);
  switch (element_type) {
    case MINKE_STORED_Q4_0: QUANTIZE_BLOCKS(quantize_q4_0, stored_q4_0, 32, EMPHASIS_FULL);
    case MINKE_STORED_Q4_1: QUANTIZE_BLOCKS(quantize_q4_1, stored_q4_1, 32, EMPHASIS_THREE_QUARTERS);
    case MINKE_STORED_Q5_0: QUANTIZE_BLOCKS(quantize_q5_0, stored_q5_0, 32, EMPHASIS_FULL);
    case MINKE_STORED_Q5_1: QUANTIZE_BLOCKS(quantize_q5_1, stored_q5_1, 32, EMPHASIS_THREE_QUARTERS);
    case MINKE_STORED_Q8_0: QUANTIZE_BLOCKS(quantize_q8_0, stored_q8_0, 32, EMPHASIS_FULL);
    case MINKE_STORED_IQ4_NL: QUANTIZE_BLOCKS(quantize_iq4_nl, stored_q4_0, 32, EMPHASIS_FULL);
    case MINKE_STORED_Q2_K: QUANTIZE_BLOCKS(quantize_q2_k, stored_q2_k, 256, EMPHASIS_THREE_QUARTERS);
    case MINKE_STORED_Q3_K: QUANTIZE_BLOCKS(quantize_q3_k, stored_q3_k, 256, EMPHASIS_THREE_QUARTERS);
    case MINKE_STORED_Q4_K: QUANTIZE_BLOCKS(quantize_q4_k, stored_q4_k, 256, EMPHASIS_THREE_QUARTERS);
    case MINKE_STORED_Q5_K: QUANTIZE_BLOCKS(quantize_q5_k, stored_q5_k, 256, EMPHASIS_THREE_QUARTERS);
    case MINKE_STORED_Q6_K: QUANTIZE_BLOCKS(quantize_q6_k, stored_q6_k, 256, EMPHASIS_THREE_QUARTERS);
    case MINKE_STORED_IQ4_XS: QUANTIZE_BLOCKS(quantize_iq4_xs, stored_iq4_xs, 256, EMPHASIS_FULL);
    default: return false;
  }
}
