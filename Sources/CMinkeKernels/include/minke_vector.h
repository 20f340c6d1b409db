// Every operation that is not a matrix product: norms, rotary embedding, activations, softmax, the
// key/value cache and attention.
//
// Each operation is written once over sixteen-lane vectors (`vector_ops.inc.h`, `attention.inc.h`) and
// compiled for each instruction set. All of them do the same float32 operations in the same order with
// fused multiply-add, so results are the same bit for bit, on every processor, except for the sign and
// payload of a NaN. Integer sums are exact.
#ifndef MINKE_VECTOR_H
#define MINKE_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "minke_cpu.h"

#pragma clang assume_nonnull begin

/// How one number of the key/value cache is stored.
typedef enum minke_cache_element {
  MINKE_CACHE_F32 = 0,
  /// IEEE half; values beyond ±65504 are stored as ±65504.
  MINKE_CACHE_F16 = 1,
  /// The upper half of a float32, rounded; magnitudes below 2^-50 are stored as 0. Queries and weights are
  /// rounded in the same way before they are multiplied.
  MINKE_CACHE_BF16 = 2,
  /// Codes −127…127 with an f16 scale for 32 dimensions. Queries are quantised in the same way, weights to
  /// 0…255 for a block of positions; products are summed as integers.
  MINKE_CACHE_Q8_0 = 3,
} minke_cache_element;

enum {
  /// Positions that one tile of keys holds side by side.
  MINKE_KV_TILE = 16,
  /// Positions of one block of the cache: the step of the online softmax.
  MINKE_KV_BLOCK = 64,
  /// Positions whose attention is computed as one partial result.
  MINKE_KV_CHUNK = 512,
  /// Queries of one KV head that are processed together.
  MINKE_QUERY_TILE = 24,
};

/// Attention of up to `MINKE_QUERY_TILE` queries of one KV head to some chunks of its cache.
///
/// Queries are numbered row by row: query `j` is head `j % group` of row `j / group`.
typedef struct minke_attention {
  /// First row's heads of this group: `[rows][group][head_dim]`, rows `query_stride` floats apart.
  const float *queries;
  size_t query_stride;
  /// Where results go, laid out as the queries but for the length of a head.
  float *_Nullable output;
  size_t output_stride;
  /// Query heads for this KV head.
  size_t group;
  /// Numbers of a query and of a key.
  size_t head_dim;
  /// Numbers of a value, and of a result; at most `head_dim`.
  size_t value_dim;
  /// The queries of this call; at most `MINKE_QUERY_TILE`.
  size_t first_query, query_count;
  /// Position in the sequence of row 0. A row sees positions up to its own.
  size_t position;
  /// Positions a row sees, its own included; 0 when there is no limit.
  size_t window;
  /// Factor of the scores, positive, and their soft cap (0 for none): `cap · tanh(score / cap)`.
  float scale, soft_cap;
  /// This head's part of block 0 of the memory that sequences share: keys, and at `value_offset` bytes values
  /// (`minke_key_bytes`, `minke_value_bytes`). No offset: the first `value_dim` numbers of keys are the values.
  const uint8_t *cache;
  /// Which block holds the sequence's positions from `64 · i`. Entries are read where a query sees one of the positions;
  /// what lies at others does not change results.
  const int32_t *blocks;
  size_t block_stride, value_offset;
  minke_cache_element key_element, value_element;
  /// Chunks `[first_chunk, end_chunk)` of `MINKE_KV_CHUNK` positions; those that no query sees are passed over.
  size_t first_chunk, end_chunk;
  /// `minke_attention_scratch_count` floats for this call alone, aligned to 64 bytes.
  float *scratch;
  /// Null to merge the chunks and write `output`. Otherwise chunk `first_chunk + i` is written to
  /// `partials + i · minke_attention_partial_count` for `attention_merge`.
  float *_Nullable partials;
} minke_attention;

/// Blocks of 32 dimensions, the last one padded.
static inline size_t minke_dim_blocks(size_t head_dim) { return (head_dim + 31) / 32; }

/// Bytes of one block's keys. Sixteen positions lie side by side, so that a score is a sum down the dimensions
/// in one lane:
/// - f32, f16 `[tile of 16][head_dim][16]`, bf16 `[tile of 16][head_dim / 2, rounded up][16][2]`;
/// - q8_0 `[tile of 16]{ codes + 128 [dim / 4][16][4], f16 scales [dim / 32][16] }`, whole blocks of 32 dimensions.
static inline size_t minke_key_bytes(size_t head_dim, minke_cache_element element) {
  switch (element) {
    case MINKE_CACHE_F32: return MINKE_KV_BLOCK * 4 * head_dim;
    case MINKE_CACHE_F16: return MINKE_KV_BLOCK * 2 * head_dim;
    case MINKE_CACHE_BF16: return MINKE_KV_BLOCK * 2 * ((head_dim + 1) / 2 * 2);
    case MINKE_CACHE_Q8_0: return MINKE_KV_BLOCK * 34 * minke_dim_blocks(head_dim);
  }
  return 0;
}

/// Bytes of one block's values:
/// - f32, f16 `[64][dim]`, bf16 `[64 / 2][dim][2]`, head_dim rounded up to 16;
/// - q8_0 `codes [64 / 4][dim][4], f16 scales [dim / 32][64]`, whole blocks of 32 dimensions.
static inline size_t minke_value_bytes(size_t head_dim, minke_cache_element element) {
  const size_t padded = (head_dim + 15) / 16 * 16;
  switch (element) {
    case MINKE_CACHE_F32: return MINKE_KV_BLOCK * 4 * padded;
    case MINKE_CACHE_F16:
    case MINKE_CACHE_BF16: return MINKE_KV_BLOCK * 2 * padded;
    case MINKE_CACHE_Q8_0: return MINKE_KV_BLOCK * 34 * minke_dim_blocks(head_dim);
  }
  return 0;
}

/// Floats of one partial result of a query tile: sums, weights and maxima; a multiple of 16.
static inline size_t minke_attention_partial_count(size_t head_dim) {
  return MINKE_QUERY_TILE * (32 * minke_dim_blocks(head_dim) + 16) + 32;
}

/// Floats that a call of `attention` needs as scratch: queries, scores, quantised weights with their factors,
/// scales of values, two partial results and the values of a block where they are made of keys.
static inline size_t minke_attention_scratch_count(size_t head_dim) {
  const size_t blocks = minke_dim_blocks(head_dim);
  const size_t weights = MINKE_QUERY_TILE * (16 * (blocks > 2 ? blocks : 2) + 1) + 8;
  return MINKE_QUERY_TILE * (32 * blocks + MINKE_KV_BLOCK) + weights + MINKE_KV_BLOCK * (blocks + 1)
      + 2 * minke_attention_partial_count(head_dim) + MINKE_KV_BLOCK * (32 * blocks + 2 * blocks) + 16;
}

/// Linear attention of one head: a state `[dim][dim]` in place of a cache. For row after row
///
///     state = decay · state + keyᵀ · value
///     output = query · state
///
/// so the order of all operations is that of positions.
typedef struct minke_linear_attention {
  /// First row's queries, keys and values of this head, `dim` each; rows are `stride` floats apart.
  const float *queries, *keys, *values;
  size_t stride;
  float *output;
  size_t output_stride;
  size_t rows, dim;
  float decay;
  /// `[dim][dim]`: of each element of a key, the sums of values.
  float *state;
} minke_linear_attention;

/// The operations on one instruction set. Counts are in elements; `out` may be an input.
typedef struct minke_vector_kernels {
  minke_cpu_level level;

  /// `x / √(mean(x²) + ε) · weight`; the weight may be null. Squares are summed in 64 lanes
  /// (element `i` in lane `i mod 64`), lanes by a fixed tree.
  void (*rms_norm)(const float *x, const float *_Nullable weight, float *out, size_t count, float epsilon);

  /// Rotates the pairs (2i, 2i+1) in place. `cosines` holds each cosine twice, `sines` each sine as (−s, s).
  void (*rotate_interleaved)(float *x, const float *cosines, const float *sines, size_t count);
  /// Rotates the pairs (i, count/2 + i) in place, with `count / 2` cosines and sines.
  void (*rotate_halves)(float *x, const float *cosines, const float *sines, size_t count);

  /// `gate · sigmoid(gate) · up`
  void (*silu_multiply)(const float *gate, const float *up, float *out, size_t count);
  /// `gelu(gate) · up` with gelu's tanh form.
  void (*gelu_multiply)(const float *gate, const float *up, float *out, size_t count);
  /// `sigmoid(gate) · up`
  void (*sigmoid_multiply)(const float *gate, const float *up, float *out, size_t count);
  void (*add)(const float *x, const float *y, float *out, size_t count);
  void (*scale)(const float *x, float factor, float *out, size_t count);
  /// `out + x · factor`, fused.
  void (*add_scaled)(const float *x, float factor, float *out, size_t count);
  /// `cap · tanh(x / cap)`
  void (*soft_cap)(const float *x, float cap, float *out, size_t count);

  /// e^x within 1.1 ulp; 0 below −104, infinity above 88.73.
  void (*exponential)(const float *x, float *out, size_t count);
  /// tanh within 1.4 ulp.
  void (*hyperbolic_tangent)(const float *x, float *out, size_t count);

  /// The largest element; −infinity when there is none.
  float (*maximum)(const float *x, size_t count);
  /// `exp(x − max(x)) / Σ`
  void (*softmax)(const float *x, float *out, size_t count);
  /// `log Σ exp(x)`, summed in float64.
  double (*log_sum_exp)(const float *x, size_t count);

  /// Writes one key of `head_dim` numbers to the keys of its block, as position 0…63.
  void (*store_key)(const float *key, void *keys, size_t position, size_t head_dim, minke_cache_element element);
  /// Writes one value to the values of its block, padded with zeros.
  void (*store_value)(const float *value, void *values, size_t position, size_t head_dim,
                      minke_cache_element element);

  void (*attention)(const minke_attention *call);
  /// Merges partial results in their order (into the first) and writes `output` of the call's queries.
  void (*attention_merge)(const minke_attention *call, float *partials, size_t partial_count);

  void (*linear_attention)(const minke_linear_attention *call);
} minke_vector_kernels;

/// The operations of the active level.
const minke_vector_kernels *minke_vector(void);

/// The operations of a level, or null when this build or this processor has none.
const minke_vector_kernels *_Nullable minke_vector_at(minke_cpu_level level);

/// The tables; call those of a level only where `minke_cpu_supports` it.
extern const minke_vector_kernels minke_vector_portable;
#if defined(__x86_64__)
extern const minke_vector_kernels minke_vector_avx2;
extern const minke_vector_kernels minke_vector_avx512;
/// Level AVX-512 where there is a product of bfloat16 pairs: the same bits, sooner.
extern const minke_vector_kernels minke_vector_avx512_bf16;

/// Level AVX-512 as it is on processors without that product; for comparisons.
static inline const minke_vector_kernels *minke_vector_without_bf16(void) { return &minke_vector_avx512; }
#elif defined(__aarch64__)
extern const minke_vector_kernels minke_vector_neon;
#endif

#pragma clang assume_nonnull end

#endif
