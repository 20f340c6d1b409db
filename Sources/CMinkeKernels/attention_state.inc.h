// What a call of attention works on: its scratch, and the queries as the keys want them. Included by
// `attention.inc.h`.

#define QUERIES MINKE_QUERY_TILE
#define BLOCK MINKE_KV_BLOCK
/// A maximum below every score, yet finite: −∞ − (−∞) would be NaN.
#define NO_SCORE -3.0e38f

/// A running softmax of up to `QUERIES` queries, scores in units of ln 2.
typedef struct {
  float *sums;     // Σ 2^(s − maximum)·v, [QUERIES][width]
  float *weights;  // Σ 2^(s − maximum), position p in lane p mod 16, [QUERIES][16]
  float *maxima;   // of s, [QUERIES]
} softmax_state;

/// What a call's queries see: positions [first, end) each.
typedef struct {
  size_t first[QUERIES], end[QUERIES];
} sight;

/// A call with its scratch cut up.
typedef struct {
  const minke_attention *call;
  size_t dim_blocks, width;  // width: head_dim in whole blocks of 32
  sight seen;
  float *queries;             // [QUERIES][width], or pairs of bfloat16 [QUERIES][width / 2]
  quantized_queries codes;    // in their place
  float *scores;              // [QUERIES][BLOCK]
  uint8_t *weights;           // codes [QUERIES][dim_blocks][BLOCK], or bfloat16 [QUERIES][BLOCK]
  float *weight_factors;      // [QUERIES]
  float *value_scales;        // [dim_blocks][BLOCK], then the largest of each position
  softmax_state total, local;
  uint8_t *turned;            // a block's values, of keys
} work;

INLINE softmax_state state_at(float *memory, size_t width) {
  float *weights = memory + QUERIES * width;
  return (softmax_state){memory, weights, weights + QUERIES * 16};
}

INLINE work cut_scratch(const minke_attention *call) {
  const size_t blocks = minke_dim_blocks(call->head_dim), width = 32 * blocks;
  work w = {.call = call, .dim_blocks = blocks, .width = width, .queries = call->scratch};
  w.codes.codes = (int8_t *)w.queries;
  w.codes.scales = w.queries + QUERIES * width / 4;
  w.codes.starts = (int32_t *)(w.codes.scales + QUERIES * blocks);
  w.scores = w.queries + QUERIES * width;
  float *weights = w.scores + QUERIES * BLOCK;
  w.weights = (uint8_t *)weights;
  w.weight_factors = weights + QUERIES * 16 * (blocks > 2 ? blocks : 2);
  w.value_scales = w.weight_factors + QUERIES + 8;
  float *states = w.value_scales + BLOCK * (blocks + 1);
  w.total = state_at(states, width);
  w.local = state_at(states + minke_attention_partial_count(call->head_dim), width);
  const uintptr_t end = (uintptr_t)(states + 2 * minke_attention_partial_count(call->head_dim));
  w.turned = (uint8_t *)((end + 63) & ~(uintptr_t)63);
  return w;
}

INLINE void state_clear(softmax_state state, size_t queries, size_t width) {
  memset(state.sums, 0, queries * width * sizeof(float));
  memset(state.weights, 0, queries * 16 * sizeof(float));
  for (size_t j = 0; j < queries; j++) state.maxima[j] = NO_SCORE;
}

// MARK: Queries

/// Each row sees positions up to its own, at most `window` of them.
INLINE void look(const minke_attention *call, sight *seen) {
  const size_t group = call->group;
  size_t row = call->first_query / group, head = call->first_query % group;
  for (size_t j = 0; j < call->query_count; j++) {
    const size_t end = call->position + row + 1;
    seen->end[j] = end;
    seen->first[j] = call->window && end > call->window ? end - call->window : 0;
    if (++head == group) {
      head = 0;
      row++;
    }
  }
}

/// One query times the factor of scores (padded with zeros) as the keys want it.
static void put_query(const work *w, size_t j, const float *from) {
  const minke_cache_element element = w->call->key_element;
  const size_t dim = w->call->head_dim;
  // Scores in units of ln 2, or of the cap.
  const vec factor = v_set(w->call->soft_cap > 0 ? w->call->scale / w->call->soft_cap : w->call->scale * 1.44269504f);
  for (size_t block = 0; block < w->dim_blocks; block++) {
    float part[32];
    for (size_t i = 0, at = 32 * block; i < 32; i += 16, at += 16) {
      v_store(part + i, at < dim ? v_mul(load_numbers(from + at, dim - at), factor) : v_set(0));
    }
    const size_t at = j * w->dim_blocks + block;
    if (element == MINKE_CACHE_Q8_0) {
      const float scale = largest_magnitude(part, 32) / 127;
      int32_t sum = 0;
      int8_t *codes = w->codes.codes + 32 * at;
      quantize(part, 32, scale > 0 ? 1 / scale : 0, codes);
      for (size_t i = 0; i < 32; i++) sum += codes[i];
      w->codes.scales[at] = scale;
      w->codes.starts[at] = -CODE_OFFSET * sum;
    } else if (element == MINKE_CACHE_BF16) {
      uint16_t *pairs = (uint16_t *)w->queries + 32 * at;
      for (size_t i = 0; i < 32; i += 16) store_bfloats(pairs + i, v_load(part + i));
    } else {
      memcpy(w->queries + 32 * at, part, sizeof part);
    }
  }
}

static void gather_queries(const work *w) {
  const minke_attention *call = w->call;
  for (size_t j = 0; j < call->query_count; j++) {
    const size_t query = call->first_query + j;
    put_query(w, j, call->queries + query / call->group * call->query_stride + query % call->group * call->head_dim);
  }
}
