// From scores to weighted values: the softmax of a block's scores, its weights as the values want them. Included by
// `attention.inc.h`.

// MARK: Softmax

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

/// Whether a query sees all positions of a block.
INLINE int sees_all(const work *w, size_t j, size_t block) {
  return w->seen.first[j] <= block && w->seen.end[j] >= block + BLOCK;
}

/// `a` where a query sees positions, `hidden` elsewhere.
INLINE void hide(const work *w, size_t j, size_t block, float hidden, vec s[BLOCK / 16]) {
  for (int t = 0; t < BLOCK / 16; t++) {
    const size_t base = block + 16 * (size_t)t;
    const int first = clamp_lane(w->seen.first[j], base), end = clamp_lane(w->seen.end[j], base);
    s[t] = v_where_lanes(first, end, s[t], v_set(hidden));
  }
}

/// Caps and hides scores, and finds each query's largest in the block. A pass of its own: queries overlap.
static void find_maxima(const work *w, size_t block, float found[QUERIES]) {
  const vec cap = v_set(w->call->soft_cap * 1.44269504f);
  for (size_t j = 0; j < w->call->query_count; j++) {
    vec s[BLOCK / 16];
    float *scores = w->scores + j * BLOCK;
    for (int t = 0; t < BLOCK / 16; t++) s[t] = v_load(scores + 16 * t);
    if (w->call->soft_cap > 0) {
      for (int t = 0; t < BLOCK / 16; t++) s[t] = v_mul(v_tanh(s[t]), cap);
    }
    if (!sees_all(w, j, block)) hide(w, j, block, -__builtin_inff(), s);
    if (w->call->soft_cap > 0 || !sees_all(w, j, block)) {
      for (int t = 0; t < BLOCK / 16; t++) v_store(scores + 16 * t, s[t]);
    }
    found[j] = v_largest(v_max(v_max(s[0], s[1]), v_max(s[2], s[3])));
  }
}

/// Turns one query's 64 scores into weights 2^(s − maximum), and updates its state.
INLINE void weigh(const work *w, softmax_state state, size_t j, size_t block, float found, vec s[BLOCK / 16],
                  const int coarse) {
  const float old = state.maxima[j], now = old > found ? old : found;
  for (int t = 0; t < BLOCK / 16; t++) {
    s[t] = v_exp2(v_sub(v_load(w->scores + j * BLOCK + 16 * t), v_set(now)), coarse);
  }
  if (!sees_all(w, j, block)) hide(w, j, block, 0, s);
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

/// Widens the scales of a block's values, and finds the largest of each position; those of positions outside [first, end),
/// which nothing may depend on, are 0.
static void load_value_scales(const work *w, const cache_block *values, size_t first, size_t end) {
  const uint16_t *scales = (const uint16_t *)(values->bytes + w->dim_blocks * 32 * BLOCK);
  for (size_t p = 0; p < BLOCK; p += 16) {
    const int from = clamp_lane(first, p), to = clamp_lane(end, p);
    vec largest = v_set(0);
    for (size_t block = 0; block < w->dim_blocks; block++) {
      vec scale = v_load_half(scales + block * BLOCK + p);
      if (to - from < 16) scale = v_where_lanes(from, to, scale, v_set(0));
      fetch((const uint8_t *)(scales + block * BLOCK + p) + values->ahead);
      v_store(w->value_scales + block * BLOCK + p, scale);
      largest = v_max(largest, scale);
    }
    v_store(w->value_scales + w->dim_blocks * BLOCK + p, largest);
  }
}

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
      scaled[t] = v_mul(s[t], v_load(w->value_scales + block * BLOCK + 16 * t));
    }
    b_store_weights(w->weights + (j * w->dim_blocks + block) * BLOCK, scaled);
  }
}

/// Softmax of all queries' scores; their weights are left as the values want them.
static void weigh_queries(const work *w, softmax_state state, size_t block) {
  const minke_cache_element element = w->call->value_element;
  float found[QUERIES];
  find_maxima(w, block, found);
  for (size_t j = 0; j < w->call->query_count; j++) {
    vec s[BLOCK / 16];
    if (element == MINKE_CACHE_Q8_0) {
      weigh(w, state, j, block, found[j], s, 1);
      quantize_weights(w, j, s);
    } else if (element == MINKE_CACHE_BF16) {
      weigh(w, state, j, block, found[j], s, 1);
      for (int t = 0; t < BLOCK / 16; t++) {
        const vec weight = v_where_less(s[t], v_set(0x1p-50f), v_set(0), s[t]);
        v_store_bfloat((uint16_t *)w->weights + j * BLOCK + 16 * t, weight);
      }
    } else {
      weigh(w, state, j, block, found[j], s, 0);
      for (int t = 0; t < BLOCK / 16; t++) v_store(w->scores + j * BLOCK + 16 * t, s[t]);
    }
  }
}

/// Adds a position whose partner in a pair of bfloat16 nobody sees: its numbers are taken for 0, whatever they are.
static void mix_half_pair(const work *w, const small_product *mix, size_t position, size_t vectors) {
  const uint32_t mask = position % 2 ? 0xFFFF0000u : 0x0000FFFFu;
  const uint8_t *pair = mix->b + position / 2 * mix->b_step;
  float *alone = w->value_scales;  // unused where values are bfloat16
  for (size_t v = 0; v < vectors; v++) {
    uint32_t numbers[16];
    memcpy(numbers, pair + 64 * v, sizeof numbers);
    fetch(pair + 64 * v + mix->ahead);
    for (size_t i = 0; i < 16; i++) numbers[i] &= mask;
    memcpy(alone + 16 * v, numbers, sizeof numbers);
  }
  small_product one = *mix;
  one.a += position / 2;
  one.b = (const uint8_t *)alone;
  one.first = 0;
  one.end = 1;
  one.ahead = 0;
  accumulate_values(&one, w->call->query_count, vectors, MINKE_CACHE_BF16);
}

static void mix_pairs(const work *w, small_product *mix, size_t vectors) {
  size_t first = mix->first, end = mix->end;
  if (first % 2) mix_half_pair(w, mix, first++, vectors);
  mix->first = first / 2;
  mix->end = end / 2;
  if (mix->first < mix->end) accumulate_values(mix, w->call->query_count, vectors, MINKE_CACHE_BF16);
  if (end % 2 && first < end) mix_half_pair(w, mix, end - 1, vectors);
}

static void mix_values(const work *w, softmax_state state, const cache_block *values, size_t first, size_t end) {
  const minke_attention *call = w->call;
  if (call->value_element == MINKE_CACHE_Q8_0) {
    const quantized_weights weights = {w->weights, w->weight_factors, first / 4, (end + 3) / 4};
    accumulate_value_codes(&weights, values, minke_dim_blocks(call->value_dim), call->query_count, state.sums);
    return;
  }
  const size_t vectors = (call->value_dim + 15) / 16, stored = (call->head_dim + 15) / 16;
  small_product mix = {
      .a = w->scores, .a_stride = BLOCK, .b = values->bytes, .b_step = 64 * stored, .b_vector = 64, .first = first,
      .end = end, .out = state.sums, .out_stride = w->width, .ahead = values->ahead,
  };
  if (call->value_element == MINKE_CACHE_F16) {
    mix.b_step /= 2;
    mix.b_vector /= 2;
  } else if (call->value_element == MINKE_CACHE_BF16) {
    mix.a = (const float *)w->weights;
    mix.a_stride = BLOCK / 2;
    mix_pairs(w, &mix, vectors);
    return;
  }
  accumulate_values(&mix, call->query_count, vectors, call->value_element);
}
