// The products of attention, once for all instruction sets: queries times keys, weights times values.
// Included by `attention.inc.h`.

#define TILE_QUERIES 6
#define MOST_VECTORS 4
#define UNROLL _Pragma("clang loop unroll(full)")

/// Calls BODY(n) for the next n of `count` queries, q being the first: as few tiles as hold them, of about equal
/// size, so that the count is a constant in each.
#define FOR_TILES(count, most, BODY)                                   \
  for (size_t q = 0, tiles = ((count) + (most)-1) / (most); tiles; tiles--) { \
    const size_t step = ((count) - q + tiles - 1) / tiles;             \
    switch (step) {                                                    \
      case 1: BODY(1); break;                                          \
      case 2: BODY(2); break;                                          \
      case 3: BODY(3); break;                                          \
      case 4: BODY(4); break;                                          \
      case 5: BODY(5); break;                                          \
      default: BODY(6); break;                                         \
    }                                                                  \
    q += step;                                                         \
  }

/// Keys or values of a block of positions, and how many bytes on those lie that are needed next.
typedef struct {
  const uint8_t *bytes;
  size_t dim_blocks;
  ptrdiff_t ahead;
} cache_block;

// MARK: Float

/// A product of small matrices: `a` [queries][k], `b` [k][vector] of the cache, `out` [queries][16 · vectors].
/// Of bfloat16, k counts pairs.
typedef struct {
  const float *a;
  size_t a_stride;
  const uint8_t *b;
  size_t b_step, b_vector;  // bytes between two k, between two vectors
  size_t first, end;        // range of k
  float *out;
  size_t out_stride;
  ptrdiff_t ahead;          // bytes from `b` to what will be needed next
} small_product;

/// Fetches what lies elsewhere in memory, where the processor would not look ahead by itself. Line by line among the
/// multiplications: a burst would wait for memory.
INLINE void fetch(const uint8_t *line) { __builtin_prefetch(line, 0, 2); }

INLINE vec load_element(const uint8_t *p, minke_cache_element element) {
  return element == MINKE_CACHE_F16 ? v_load_half((const uint16_t *)p) : v_load((const float *)p);
}

/// out[q][16v…] (+)= Σ_k a[q][k] · b[k][v], one chain of fused multiply-adds down k for each element.
/// `queries`, `vectors`, `element` and `accumulate` are constants after inlining.
INLINE void inner_tile(const small_product *p, const int queries, const int vectors,
                       const minke_cache_element element, const int accumulate, size_t q0, size_t v0) {
  const float *a = p->a + q0 * p->a_stride;
  const uint8_t *b = p->b + v0 * p->b_vector;
  float *out = p->out + q0 * p->out_stride + 16 * v0;
  vec sum[TILE_QUERIES][MOST_VECTORS];
  UNROLL for (int q = 0; q < queries; q++) {
    UNROLL for (int v = 0; v < vectors; v++) {
      sum[q][v] = accumulate ? v_load(out + (size_t)q * p->out_stride + 16 * (size_t)v) : v_set(0);
    }
  }
#pragma clang loop unroll(disable)
  for (size_t k = p->first; k < p->end; k++) {
    vec factor[MOST_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) {
      const uint8_t *from = b + k * p->b_step + (size_t)v * p->b_vector;
      factor[v] = load_element(from, element);
      fetch(from + p->ahead);
    }
    UNROLL for (int q = 0; q < queries; q++) {
      const vec x = v_set(a[(size_t)q * p->a_stride + k]);
      UNROLL for (int v = 0; v < vectors; v++) {
        sum[q][v] = element == MINKE_CACHE_BF16 ? v_dot_pairs(sum[q][v], factor[v], x) : v_fma(x, factor[v], sum[q][v]);
      }
    }
  }
  UNROLL for (int q = 0; q < queries; q++) {
    UNROLL for (int v = 0; v < vectors; v++) v_store(out + (size_t)q * p->out_stride + 16 * (size_t)v, sum[q][v]);
  }
}

INLINE void tile_row(const small_product *p, const int queries, size_t q, size_t vectors,
                     const minke_cache_element element, const int accumulate) {
  size_t v = 0;
  for (; v + TILE_VECTORS(queries) <= vectors; v += TILE_VECTORS(queries)) {
    inner_tile(p, queries, TILE_VECTORS(queries), element, accumulate, q, v);
  }
  for (; v < vectors; v++) inner_tile(p, queries, 1, element, accumulate, q, v);
}

INLINE void multiply(const small_product *p, size_t queries, size_t vectors,
                     const minke_cache_element element, const int accumulate) {
#define BODY(n) tile_row(p, n, q, vectors, element, accumulate)
  FOR_TILES(queries, TILE_QUERIES, BODY)
#undef BODY
}

static void multiply_keys(const small_product *p, size_t queries, size_t vectors,
                          minke_cache_element element) {
  if (element == MINKE_CACHE_F32) multiply(p, queries, vectors, MINKE_CACHE_F32, 0);
  else if (element == MINKE_CACHE_F16) multiply(p, queries, vectors, MINKE_CACHE_F16, 0);
  else multiply(p, queries, vectors, MINKE_CACHE_BF16, 0);
}

static void accumulate_values(const small_product *p, size_t queries, size_t vectors,
                              minke_cache_element element) {
  if (element == MINKE_CACHE_F32) multiply(p, queries, vectors, MINKE_CACHE_F32, 1);
  else if (element == MINKE_CACHE_F16) multiply(p, queries, vectors, MINKE_CACHE_F16, 1);
  else multiply(p, queries, vectors, MINKE_CACHE_BF16, 1);
}

// MARK: q8_0

/// Queries as codes, with what their sums begin with.
typedef struct {
  int8_t *codes;    // [queries][32 · dim blocks]
  float *scales;    // [queries][dim blocks]
  int32_t *starts;  // −128 · Σ codes, the same
} quantized_queries;

INLINE void key_code_tile(const quantized_queries *a, const cache_block *keys, const int queries, const int vectors,
                          size_t q0, size_t v0, float *scores) {
  const size_t dim_blocks = keys->dim_blocks, tile_bytes = dim_blocks * 34 * MINKE_KV_TILE;
  const uint8_t *tile = keys->bytes + v0 * tile_bytes;
  vec score[BYTE_QUERIES][BYTE_VECTORS];
  UNROLL for (int q = 0; q < queries; q++) {
    UNROLL for (int v = 0; v < vectors; v++) score[q][v] = v_set(0);
  }
#pragma clang loop unroll(disable)
  for (size_t block = 0; block < dim_blocks; block++) {
    const int8_t *codes = a->codes + (q0 * dim_blocks + block) * 32;
    const size_t at = q0 * dim_blocks + block;
    ivec dot[BYTE_QUERIES][BYTE_VECTORS];
    UNROLL for (int q = 0; q < queries; q++) {
      UNROLL for (int v = 0; v < vectors; v++) dot[q][v] = i_key_start(a->starts[at + (size_t)q * dim_blocks]);
    }
#pragma clang loop unroll(disable)
    for (size_t k = 0; k < 8; k++) {
      bytes key[BYTE_VECTORS];
      UNROLL for (int v = 0; v < vectors; v++) {
        const uint8_t *from = tile + (size_t)v * tile_bytes + (8 * block + k) * 4 * MINKE_KV_TILE;
        key[v] = b_load_keys(from);
        fetch(from + keys->ahead);
      }
      UNROLL for (int q = 0; q < queries; q++) {
        const quad query = b_load_query((const uint8_t *)codes + (size_t)q * dim_blocks * 32 + 4 * k);
        UNROLL for (int v = 0; v < vectors; v++) dot[q][v] = i_dot_keys(dot[q][v], key[v], query);
      }
    }
    UNROLL for (int v = 0; v < vectors; v++) {
      const uint8_t *scales = tile + (size_t)v * tile_bytes + dim_blocks * 32 * MINKE_KV_TILE;
      const vec scale = v_load_half((const uint16_t *)scales + block * MINKE_KV_TILE);
      if (block % 2 == 0) fetch(scales + block * 2 * MINKE_KV_TILE + keys->ahead);
      UNROLL for (int q = 0; q < queries; q++) {
        const vec factor = v_set(a->scales[at + (size_t)q * dim_blocks]);
        score[q][v] = v_fma(v_mul(v_from_int(dot[q][v]), scale), factor, score[q][v]);
      }
    }
  }
  UNROLL for (int q = 0; q < queries; q++) {
    UNROLL for (int v = 0; v < vectors; v++) {
      v_store(scores + (q0 + (size_t)q) * MINKE_KV_BLOCK + 16 * (v0 + (size_t)v), score[q][v]);
    }
  }
}

/// scores [queries][64] of the first `vectors` tiles of keys.
static void multiply_key_codes(const quantized_queries *a, const cache_block *keys, size_t queries, size_t vectors,
                               float *scores) {
#define BODY(n)                                                                                        \
  {                                                                                                    \
    const int together = (n) < BYTE_QUERIES ? (n) : BYTE_QUERIES;                                      \
    size_t v = 0;                                                                                      \
    for (; v + BYTE_VECTORS <= vectors; v += BYTE_VECTORS) {                                           \
      key_code_tile(a, keys, together, BYTE_VECTORS, q, v, scores);                                    \
    }                                                                                                  \
    for (; v < vectors; v++) key_code_tile(a, keys, together, 1, q, v, scores);                        \
  }
  FOR_TILES(queries, BYTE_QUERIES, BODY)
#undef BODY
}

/// Weights as codes of a block of positions, [queries][dim blocks][64], each position's with its scale of the
/// values; `factors` [queries] make them what they stand for.
typedef struct {
  uint8_t *codes;
  float *factors;
  size_t first, end;  // groups of four positions
} quantized_weights;

INLINE void value_code_tile(const quantized_weights *a, const cache_block *values, const int queries,
                            const int vectors, size_t q0, size_t block, size_t v0, float *sums) {
  const size_t dim_blocks = values->dim_blocks;
  const uint8_t *weights = a->codes + (q0 * dim_blocks + block) * MINKE_KV_BLOCK;
  const uint8_t *column = values->bytes + 4 * (32 * block + 16 * v0);
  ivec dot[BYTE_QUERIES][BYTE_VECTORS];
  UNROLL for (int q = 0; q < queries; q++) {
    const ivec start = i_value_start(weights + (size_t)q * dim_blocks * MINKE_KV_BLOCK);
    UNROLL for (int v = 0; v < vectors; v++) dot[q][v] = start;
  }
#pragma clang loop unroll(disable)
  for (size_t group = a->first; group < a->end; group++) {
    bytes value[BYTE_VECTORS];
    UNROLL for (int v = 0; v < vectors; v++) {
      const uint8_t *from = column + group * 128 * dim_blocks + 64 * v;
      value[v] = b_load_values(from);
      fetch(from + values->ahead);
    }
    UNROLL for (int q = 0; q < queries; q++) {
      const uint8_t *codes = weights + (size_t)q * dim_blocks * MINKE_KV_BLOCK;
      const quad weight = b_load_weights(codes + 4 * WEIGHT_WORD(group));
      UNROLL for (int v = 0; v < vectors; v++) dot[q][v] = i_dot_values(dot[q][v], value[v], weight);
    }
  }
  UNROLL for (int q = 0; q < queries; q++) {
    float *out = sums + (q0 + (size_t)q) * 32 * dim_blocks + 32 * block + 16 * v0;
    const vec factor = v_set(a->factors[q0 + (size_t)q]);
    UNROLL for (int v = 0; v < vectors; v++) {
      v_store(out + 16 * v, v_fma(v_from_int(dot[q][v]), factor, v_load(out + 16 * v)));
    }
  }
}

/// Adds the first `blocks` of the dimensions of a block's values to sums [queries][32 · dim blocks].
static void accumulate_value_codes(const quantized_weights *a, const cache_block *values, size_t blocks,
                                   size_t queries, float *sums) {
#define BODY(n)                                                                                          \
  {                                                                                                      \
    const int together = (n) < BYTE_QUERIES ? (n) : BYTE_QUERIES;                                        \
    for (size_t block = 0; block < blocks; block++) {                                                    \
      for (size_t v = 0; v < 2; v += BYTE_VECTORS) {                                                     \
        value_code_tile(a, values, together, BYTE_VECTORS, q, block, v, sums);                           \
      }                                                                                                  \
    }                                                                                                    \
  }
  FOR_TILES(queries, BYTE_QUERIES, BODY)
#undef BODY
}
