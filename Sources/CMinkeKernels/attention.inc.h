// Attention over the key/value cache, once for all instruction sets. Included after
// `attention_products.inc.h`.
//
// Online softmax (Milakov and Gimelshein 2018; FlashAttention, Dao et al. 2022) over blocks of 64
// positions, restarted at each chunk of 512, chunks merged from the first to the last. Blocks and chunks
// are aligned to position 0, so the order of all additions depends on a query's position only: not on the
// rows beside it, nor on how the work was split.

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

// MARK: Weights

/// 2^x for −125 ≤ x ≤ 0, and 2^−125 below; 2^0 is exactly 1. Relative error 2e-7, or 1e-4 when `coarse`.
INLINE vec v_exp2(vec x, const int coarse) {
  x = v_max(v_set(-125.0f), x);
  const vec t = v_add(x, v_set(ROUNDING)), r = v_sub(x, v_sub(t, v_set(ROUNDING)));
  vec q;
  if (coarse) {
    q = v_set(0x1.c2a218p-5f);
    q = v_fma(q, r, v_set(0x1.f00c4ep-3f));
    q = v_fma(q, r, v_set(0x1.62f5fap-1f));
  } else {
    q = v_set(0x1.5bba14p-10f);
    q = v_fma(q, r, v_set(0x1.3cea88p-7f));
    q = v_fma(q, r, v_set(0x1.c6b752p-5f));
    q = v_fma(q, r, v_set(0x1.ebf9bcp-3f));
    q = v_fma(q, r, v_set(0x1.62e42ap-1f));
  }
  return v_add_exponent(v_fma(q, r, v_set(1)), t);
}

INLINE float exp2_of(float x) {
  float lanes[16];
  v_store(lanes, v_exp2(v_set(x), 0));
  return lanes[0];
}

INLINE int clamp_lane(size_t position, size_t base) {
  if (position <= base) return 0;
  return position - base < 16 ? (int)(position - base) : 16;
}

/// A query's sums so far, times 2^(old maximum − new). What becomes tiny becomes 0, so that no sum is subnormal.
INLINE void rescale_sums(float *sums, float factor, size_t width) {
  const vec f = v_set(factor);
  for (size_t d = 0; d < width; d += 16) {
    const vec sum = v_mul(v_load(sums + d), f);
    v_store(sums + d, v_where_less(v_abs(sum), v_set(0x1p-100f), v_set(0), sum));
  }
}

/// Turns one query's 64 scores into weights 2^(s − maximum), and updates its state.
INLINE void weigh(const work *w, softmax_state state, size_t j, size_t block, vec s[BLOCK / 16],
                  const int coarse) {
  const size_t first = w->seen.first[j], end = w->seen.end[j];
  const int whole = first <= block && end >= block + BLOCK;
  for (int t = 0; t < BLOCK / 16; t++) s[t] = v_load(w->scores + j * BLOCK + 16 * t);
  if (w->call->soft_cap > 0) {
    const vec cap = v_set(w->call->soft_cap * 1.44269504f);
    for (int t = 0; t < BLOCK / 16; t++) s[t] = v_mul(v_tanh(s[t]), cap);
  }
  if (!whole) {
    for (int t = 0; t < BLOCK / 16; t++) {
      const size_t base = block + 16 * (size_t)t;
      s[t] = v_where_lanes(clamp_lane(first, base), clamp_lane(end, base), s[t], v_set(-__builtin_inff()));
    }
  }
  const float old = state.maxima[j];
  const float found = v_largest(v_max(v_max(s[0], s[1]), v_max(s[2], s[3])));
  const float now = old > found ? old : found;
  for (int t = 0; t < BLOCK / 16; t++) s[t] = v_exp2(v_sub(s[t], v_set(now)), coarse);
  if (!whole) {
    for (int t = 0; t < BLOCK / 16; t++) {
      const size_t base = block + 16 * (size_t)t;
      s[t] = v_where_lanes(clamp_lane(first, base), clamp_lane(end, base), s[t], v_set(0));
    }
  }
  float *weights = state.weights + j * 16;
  const vec sum = v_add(v_add(s[0], s[1]), v_add(s[2], s[3]));
  if (now == old) {
    v_store(weights, v_add(v_load(weights), sum));
    return;
  }
  const float rescale = exp2_of(old - now);
  state.maxima[j] = now;
  v_store(weights, v_fma(v_load(weights), v_set(rescale), sum));
  rescale_sums(state.sums + j * w->width, rescale, w->width);
}

// MARK: Values

/// Widens the scales of a block's values, and finds the largest of each position.
static void load_value_scales(const work *w, const uint8_t *values) {
  const uint16_t *scales = (const uint16_t *)(values + w->dim_blocks * 32 * BLOCK);
  for (size_t p = 0; p < BLOCK; p += 16) {
    vec largest = v_set(0);
    for (size_t block = 0; block < w->dim_blocks; block++) {
      const vec scale = v_load_half(scales + block * BLOCK + p);
      v_store(w->value_scales + block * BLOCK + p, scale);
      largest = v_max(largest, scale);
    }
    v_store(w->value_scales + w->dim_blocks * BLOCK + p, largest);
  }
}

/// What is added before a weight of position p is rounded, p mod 64: the bits of p in reverse, −½ … ½. Weights below
/// half a step then count as often as they should, where rounding to nearest would forget them all.
#define DITHER(p) ((float)(((p)&1) << 5 | ((p)&2) << 3 | ((p)&4) << 1 | ((p)&8) >> 1 | ((p)&16) >> 3 | ((p)&32) >> 5) / 64 \
                   - 0.4921875f)
#define DITHER_4(p) DITHER(p), DITHER(p + 1), DITHER(p + 2), DITHER(p + 3)
#define DITHER_16(p) DITHER_4(p), DITHER_4(p + 4), DITHER_4(p + 8), DITHER_4(p + 12)
static const float dither[BLOCK] = {DITHER_16(0), DITHER_16(16), DITHER_16(32), DITHER_16(48)};

/// One query's weights, times the scales of the values, as codes 0…255 of the largest.
INLINE void quantize_weights(const work *w, size_t j, vec s[BLOCK / 16]) {
  const float *largest = w->value_scales + w->dim_blocks * BLOCK;
  vec limit = v_mul(s[0], v_load(largest));
  for (int t = 1; t < BLOCK / 16; t++) limit = v_max(limit, v_mul(s[t], v_load(largest + 16 * t)));
  const float most = v_largest(limit);
  w->weight_factors[j] = most * (1.0f / 255);
  const vec inverse = v_set(most > 1e-30f ? 255 / most : 0);
  for (int t = 0; t < BLOCK / 16; t++) s[t] = v_mul(s[t], inverse);
  for (size_t block = 0; block < w->dim_blocks; block++) {
    vec scaled[BLOCK / 16];
    for (int t = 0; t < BLOCK / 16; t++) {
      scaled[t] = v_fma(s[t], v_load(w->value_scales + block * BLOCK + 16 * t), v_load(dither + 16 * t));
    }
    b_store_weights(w->weights + (j * w->dim_blocks + block) * BLOCK, scaled);
  }
}

/// Softmax of all queries' scores; their weights are left as the values want them.
static void weigh_queries(const work *w, softmax_state state, size_t block) {
  for (size_t j = 0; j < w->call->query_count; j++) {
    vec s[BLOCK / 16];
    if (w->call->value_element == MINKE_CACHE_Q8_0) {
      weigh(w, state, j, block, s, 1);
      quantize_weights(w, j, s);
    } else if (w->call->value_element == MINKE_CACHE_BF16) {
      weigh(w, state, j, block, s, 1);
      for (int t = 0; t < BLOCK / 16; t++) {
        const vec weight = v_where_less(s[t], v_set(0x1p-50f), v_set(0), s[t]);
        v_store_bfloat((uint16_t *)w->weights + j * BLOCK + 16 * t, weight);
      }
    } else {
      weigh(w, state, j, block, s, 0);
      for (int t = 0; t < BLOCK / 16; t++) v_store(w->scores + j * BLOCK + 16 * t, s[t]);
    }
  }
}

static void mix_values(const work *w, softmax_state state, const uint8_t *values, size_t first, size_t end) {
  const minke_attention *call = w->call;
  if (call->value_element == MINKE_CACHE_Q8_0) {
    const quantized_weights weights = {w->weights, w->weight_factors, first / 4, (end + 3) / 4};
    accumulate_value_codes(&weights, values, w->dim_blocks, call->query_count, state.sums);
    return;
  }
  const size_t vectors = (call->head_dim + 15) / 16;
  small_product mix = {
      .a = w->scores, .a_stride = BLOCK, .b = values, .b_step = 64 * vectors, .b_vector = 64, .first = first,
      .end = end, .out = state.sums, .out_stride = w->width,
  };
  if (call->value_element == MINKE_CACHE_F16) {
    mix.b_step /= 2;
    mix.b_vector /= 2;
  } else if (call->value_element == MINKE_CACHE_BF16) {
    mix.a = (const float *)w->weights;
    mix.a_stride = BLOCK / 2;
    mix.first = first / 2;
    mix.end = (end + 1) / 2;
  }
  accumulate_values(&mix, call->query_count, vectors, call->value_element);
}

// MARK: One block

/// scores [QUERIES][BLOCK] of the positions below `end` of a block.
static void score(const work *w, const uint8_t *keys, size_t end) {
  const minke_attention *call = w->call;
  const size_t vectors = (end + 15) / 16;
  if (call->key_element == MINKE_CACHE_Q8_0) {
    multiply_key_codes(&w->codes, keys, w->dim_blocks, call->query_count, vectors, w->scores);
    return;
  }
  const int pairs = call->key_element == MINKE_CACHE_BF16;
  const size_t steps = pairs ? (call->head_dim + 1) / 2 : call->head_dim;
  const size_t step = call->key_element == MINKE_CACHE_F16 ? 32 : 64;
  const small_product products = {
      .a = w->queries, .a_stride = pairs ? w->width / 2 : w->width, .b = keys, .b_step = step,
      .b_vector = step * steps, .first = 0, .end = steps, .out = w->scores, .out_stride = BLOCK,
  };
  multiply_keys(&products, call->query_count, vectors, call->key_element);
}

INLINE void prefetch(const uint8_t *from, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(from + i, 0, 2);
}

/// Adds the positions [low, high) of the block that begins at position `block` to the state. When another block
/// `follows`, it is fetched meanwhile: it lies elsewhere, where the processor would not look ahead.
static void attend_block(const work *w, softmax_state state, size_t block, size_t low, size_t high, int follows) {
  const minke_attention *call = w->call;
  const uint8_t *keys = call->cache + block / BLOCK * call->block_stride, *values = keys + call->value_offset;
  if (follows) prefetch(keys + call->block_stride, minke_key_bytes(call->head_dim, call->key_element));
  score(w, keys, high - block);
  if (call->value_element == MINKE_CACHE_Q8_0) load_value_scales(w, values);
  weigh_queries(w, state, block);
  if (follows) prefetch(values + call->block_stride, minke_value_bytes(call->head_dim, call->value_element));
  mix_values(w, state, values, low - block, high - block);
}

// MARK: Chunks

/// total = total and next, as one softmax.
static void merge(softmax_state total, softmax_state next, size_t queries, size_t width) {
  for (size_t j = 0; j < queries; j++) {
    const float a = total.maxima[j], b = next.maxima[j], largest = a > b ? a : b;
    const vec f = v_set(exp2_of(a - largest)), g = v_set(exp2_of(b - largest));
    float *sums = total.sums + j * width;
    const float *other = next.sums + j * width;
    for (size_t d = 0; d < width; d += 16) {
      v_store(sums + d, v_fma(v_load(sums + d), f, v_mul(v_load(other + d), g)));
    }
    total.maxima[j] = largest;
    float *weights = total.weights + j * 16;
    v_store(weights, v_fma(v_load(weights), f, v_mul(v_load(next.weights + j * 16), g)));
  }
}

/// output = sums / weight, for each query of the call.
static void write_output(const minke_attention *call, softmax_state state, size_t width) {
  const size_t dim = call->head_dim;
  for (size_t j = 0; j < call->query_count; j++) {
    const size_t query = call->first_query + j;
    float *out = call->output + query / call->group * call->output_stride + query % call->group * dim;
    scale(state.sums + j * width, 1.0f / v_sum(v_load(state.weights + j * 16)), out, dim);
  }
}

static void attention(const minke_attention *call) {
  const size_t count = call->query_count;
  if (count == 0) return;
  work w = cut_scratch(call);
  look(call, &w.seen);
  gather_queries(&w);
  const size_t low = w.seen.first[0], high = w.seen.end[count - 1];

  int merged = 0;
  for (size_t chunk = call->first_chunk; chunk < call->end_chunk; chunk++) {
    const size_t from = chunk * MINKE_KV_CHUNK, to = from + MINKE_KV_CHUNK;
    float *partial = call->partials
        ? call->partials + (chunk - call->first_chunk) * minke_attention_partial_count(call->head_dim)
        : NULL;
    if (!partial && (to <= low || from >= high)) continue;

    const softmax_state state = partial ? state_at(partial, w.width) : merged ? w.local : w.total;
    state_clear(state, count, w.width);
    for (size_t block = from; block < to && block < high; block += BLOCK) {
      const size_t next = block + BLOCK;
      if (next <= low) continue;
      const int follows = next < high && (next < to || chunk + 1 < call->end_chunk);
      attend_block(&w, state, block, low > block ? low : block, high < next ? high : next, follows);
    }
    if (!partial && merged) merge(w.total, w.local, count, w.width);
    merged = 1;
  }
  if (!call->partials) write_output(call, w.total, w.width);
}

static void attention_merge(const minke_attention *call, float *partials, size_t partial_count) {
  const size_t width = 32 * minke_dim_blocks(call->head_dim), step = minke_attention_partial_count(call->head_dim);
  const softmax_state total = state_at(partials, width);
  for (size_t i = 1; i < partial_count; i++) {
    merge(total, state_at(partials + i * step, width), call->query_count, width);
  }
  write_output(call, total, width);
}

#undef QUERIES
#undef BLOCK
#undef NO_SCORE
