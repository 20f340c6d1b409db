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

/// A block's weights and what their squared errors count: the columns' importance times √(σ² + x²). Large weights stand
/// before large activations more often than chance would have it; of the powers 0, ½, ¾ and 1 of σ² + x², this one left the
/// least errors in products with the activations of two models.
MINKE_INLINE void load_block(const float *row, const float *importance, float variance, int count, lanes *x,
                             lanes *w) {
  lanes sum = 0;
  for (int v = 0; v < count; v++) {
    x[v] = load_lanes(row + LANES * v);
    w[v] = __builtin_elementwise_sqrt(x[v] * x[v] + variance);
    if (importance) w[v] *= load_lanes(importance + LANES * v);
    sum += w[v];
  }
  // Where nothing is of importance, everything is alike.
  if (!(lane_sum(sum) > 0)) {
    for (int v = 0; v < count; v++) w[v] = 1;
  }
}

#define QUANTIZE_BLOCKS(quantize, type, size)                                                    \
  for (size_t i = 0; i < columns; i += (size)) {                                                 \
    lanes x[(size) / LANES], w[(size) / LANES];                                                  \
    load_block(row + i, importance ? importance + i : NULL, variance, (size) / LANES, x, w);     \
    quantize(x, w, (uint8_t *)out + i / (size) * sizeof(type));                                  \
  }                                                                                              \
  return true

bool QUANTIZE_ROW(uint32_t element_type, const float *row, const float *importance, size_t columns, void *out) {
  const float variance = mean_square(row, columns);
  switch (element_type) {
    case MINKE_STORED_Q4_0: QUANTIZE_BLOCKS(quantize_q4_0, stored_q4_0, 32);
    case MINKE_STORED_Q4_1: QUANTIZE_BLOCKS(quantize_q4_1, stored_q4_1, 32);
    case MINKE_STORED_Q5_0: QUANTIZE_BLOCKS(quantize_q5_0, stored_q5_0, 32);
    case MINKE_STORED_Q5_1: QUANTIZE_BLOCKS(quantize_q5_1, stored_q5_1, 32);
    case MINKE_STORED_Q8_0: QUANTIZE_BLOCKS(quantize_q8_0, stored_q8_0, 32);
    case MINKE_STORED_IQ4_NL: QUANTIZE_BLOCKS(quantize_iq4_nl, stored_q4_0, 32);
    case MINKE_STORED_Q2_K: QUANTIZE_BLOCKS(quantize_q2_k, stored_q2_k, 256);
    case MINKE_STORED_Q3_K: QUANTIZE_BLOCKS(quantize_q3_k, stored_q3_k, 256);
    case MINKE_STORED_Q4_K: QUANTIZE_BLOCKS(quantize_q4_k, stored_q4_k, 256);
    case MINKE_STORED_Q5_K: QUANTIZE_BLOCKS(quantize_q5_k, stored_q5_k, 256);
    case MINKE_STORED_Q6_K: QUANTIZE_BLOCKS(quantize_q6_k, stored_q6_k, 256);
    case MINKE_STORED_IQ4_XS: QUANTIZE_BLOCKS(quantize_iq4_xs, stored_iq4_xs, 256);
    default: return false;
  }
}
