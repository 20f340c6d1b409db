// Attention over the key/value cache, once for all instruction sets. Included after
// `vector_ops.inc.h`.
//
// Online softmax (Milakov and Gimelshein 2018; FlashAttention, Dao et al. 2022) over blocks of 64
// positions, restarted at each chunk of 512, chunks merged from the first to the last. Blocks and chunks
// are aligned to position 0, so the order of all additions depends on a query's position only: not on the
// rows beside it, nor on how the work was split.

#include "cache_store.inc.h"
#include "attention_products.inc.h"
#include "attention_state.inc.h"
#include "attention_weights.inc.h"
#include "attention_latent.inc.h"

// MARK: One block

/// scores [QUERIES][BLOCK] of the positions below `end` of a block.
static void score(const work *w, const cache_block *keys, size_t end) {
  const minke_attention *call = w->call;
  const size_t vectors = (end + 15) / 16;
  if (call->key_element == MINKE_CACHE_Q8_0) {
    multiply_key_codes(&w->codes, keys, call->query_count, vectors, w->scores);
    return;
  }
  const int pairs = call->key_element == MINKE_CACHE_BF16;
  const size_t steps = pairs ? (call->head_dim + 1) / 2 : call->head_dim;
  const size_t step = call->key_element == MINKE_CACHE_F16 ? 32 : 64;
  const small_product products = {
      .a = w->queries, .a_stride = pairs ? w->width / 2 : w->width, .b = keys->bytes,
      .b_step = step, .b_vector = step * steps, .first = 0, .end = steps, .out = w->scores, .out_stride = BLOCK,
      .ahead = keys->ahead,
  };
  multiply_keys(&products, call->query_count, vectors, call->key_element);
}

/// This head's part of the block that holds the positions from `position`.
INLINE const uint8_t *block_at(const minke_attention *call, size_t position) {
  return call->cache + (size_t)call->blocks[position / BLOCK] * call->block_stride;
}

/// Adds the positions [low, high) of the block that begins at position `block` to the state; when another block
/// `follows`, it is fetched meanwhile.
static void attend_block(const work *w, softmax_state state, size_t block, size_t low, size_t high, int follows) {
  const minke_attention *call = w->call;
  const uint8_t *bytes = block_at(call, block);
  const ptrdiff_t ahead = follows ? block_at(call, block + BLOCK) - bytes : 0;
  const cache_block keys = {bytes, w->dim_blocks, ahead};
  cache_block values = {bytes + call->value_offset, w->dim_blocks, ahead};
  score(w, &keys, high - block);
  if (call->value_offset == 0) {
    turn_keys(w, &keys);
    values = (cache_block){w->turned, w->dim_blocks, 0};
  }
  if (call->value_element == MINKE_CACHE_Q8_0) load_value_scales(w, &values, low - block, high - block);
  weigh_queries(w, state, block);
  mix_values(w, state, &values, low - block, high - block);
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
  const size_t dim = call->value_dim;
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
