// Writing keys and values to the cache, once for all instruction sets. Included by `attention.inc.h`.
// Layouts: `minke_key_bytes` and `minke_value_bytes`.

#define CODE_OFFSET 128
/// Adding it rounds a number below 2^22 to an integer, found in the lowest bits.
#define ROUNDING 0x1.8p23f

/// Sixteen numbers, or fewer and zeros.
INLINE vec load_numbers(const float *x, size_t count) { return count < 16 ? v_load_first(x, count) : v_load(x); }

INLINE vec v_within(vec a, float limit) { return v_max(v_set(-limit), v_min(v_set(limit), a)); }

/// Half precision that never overflows to infinity.
INLINE void store_halves(uint16_t *out, vec a) { v_store_half(out, v_within(a, 65504.0f)); }

/// bfloat16 that never overflows to infinity, and whose products are no subnormal numbers.
INLINE void store_bfloats(uint16_t *out, vec a) {
  a = v_where_less(v_abs(a), v_set(0x1p-50f), v_set(0), a);
  v_store_bfloat(out, v_within(a, 0x1.FEp127f));
}

INLINE void store_sixteen(uint16_t *out, vec a, minke_cache_element element) {
  if (element == MINKE_CACHE_BF16) store_bfloats(out, a);
  else store_halves(out, a);
}

/// Codes −127…127 of up to 32 numbers (0 for the rest, −127 for a NaN), for a multiplication by `inverse`.
INLINE void quantize(const float *x, size_t count, float inverse, int8_t codes[32]) {
  for (size_t i = 0; i < 32; i += 16) {
    float lanes[16];
    const vec a = i < count ? load_numbers(x + i, count - i) : v_set(0);
    const vec limited = v_min(v_max(v_mul(a, v_set(inverse)), v_set(-127)), v_set(127));
    v_store(lanes, v_add(limited, v_set(ROUNDING)));
    for (size_t j = 0; j < 16; j++) {
      uint32_t bits;
      memcpy(&bits, lanes + j, 4);
      codes[i + j] = (int8_t)bits;
    }
  }
}

/// The largest magnitude of up to 32 numbers.
INLINE float largest_magnitude(const float *x, size_t count) {
  const vec low = v_abs(load_numbers(x, count));
  return v_largest(count > 16 ? v_max(low, v_abs(load_numbers(x + 16, count - 16))) : low);
}

/// q8_0: codes of up to 32 numbers and their scale, rounded to half precision before it divides.
INLINE uint16_t quantize_block(const float *x, size_t count, int8_t codes[32]) {
  uint16_t halves[16];
  float scales[16];
  store_halves(halves, v_set(largest_magnitude(x, count) / 127));
  v_store(scales, v_load_half(halves));
  quantize(x, count, scales[0] > 0 ? 1 / scales[0] : 0, codes);
  return halves[0];
}

static void store_key_codes(const float *key, uint8_t *tile, size_t lane, size_t head_dim) {
  const size_t blocks = minke_dim_blocks(head_dim);
  uint16_t *scales = (uint16_t *)(tile + blocks * 32 * MINKE_KV_TILE);
  for (size_t block = 0; block < blocks; block++) {
    int8_t codes[32];
    scales[block * MINKE_KV_TILE + lane] = quantize_block(key + 32 * block, head_dim - 32 * block, codes);
    uint8_t *out = tile + block * 32 * MINKE_KV_TILE + 4 * lane;
    for (size_t d = 0; d < 32; d++) out[d / 4 * 4 * MINKE_KV_TILE + d % 4] = (uint8_t)(codes[d] + CODE_OFFSET);
  }
}

static void store_key(const float *key, void *keys, size_t position, size_t head_dim,
                      minke_cache_element element) {
  const size_t tile_bytes = minke_key_bytes(head_dim, element) / (MINKE_KV_BLOCK / MINKE_KV_TILE);
  void *tile = (uint8_t *)keys + position / MINKE_KV_TILE * tile_bytes;
  const size_t lane = position % MINKE_KV_TILE;
  if (element == MINKE_CACHE_Q8_0) {
    store_key_codes(key, tile, lane, head_dim);
    return;
  }
  if (element == MINKE_CACHE_F32) {
    float *out = (float *)tile + lane;
    for (size_t d = 0; d < head_dim; d++) out[d * MINKE_KV_TILE] = key[d];
    return;
  }
  // Of bfloat16, two dimensions lie together.
  const size_t together = element == MINKE_CACHE_BF16 ? 2 : 1;
  uint16_t *out = (uint16_t *)tile + together * lane;
  for (size_t d = 0; d < head_dim; d += 16) {
    const size_t rest = head_dim - d < 16 ? head_dim - d : 16;
    uint16_t numbers[16];
    store_sixteen(numbers, load_numbers(key + d, rest), element);
    for (size_t j = 0; j < rest; j++) {
      out[(d + j) / together * together * MINKE_KV_TILE + (d + j) % together] = numbers[j];
    }
  }
  // The rest of the last pair is multiplied with 0, and must be a number.
  if (together == 2 && head_dim % 2) out[head_dim / 2 * 2 * MINKE_KV_TILE + 1] = 0;
}

static void store_value(const float *value, void *values, size_t position, size_t head_dim,
                        minke_cache_element element) {
  const size_t padded = (head_dim + 15) / 16 * 16, blocks = minke_dim_blocks(head_dim);
  if (element == MINKE_CACHE_Q8_0) {
    uint16_t *scales = (uint16_t *)((uint8_t *)values + MINKE_KV_BLOCK * 32 * blocks);
    int8_t *row = (int8_t *)values + position / 4 * 4 * 32 * blocks + position % 4;
    for (size_t block = 0; block < blocks; block++) {
      int8_t codes[32];
      scales[block * MINKE_KV_BLOCK + position] = quantize_block(value + 32 * block, head_dim - 32 * block, codes);
      for (size_t d = 0; d < 32; d++) row[4 * (32 * block + d)] = codes[d];
    }
    return;
  }
  for (size_t d = 0; d < head_dim; d += 16) {
    const size_t rest = head_dim - d < 16 ? head_dim - d : 16;
    const vec a = load_numbers(value + d, rest);
    if (element == MINKE_CACHE_F32) {
      v_store((float *)values + position * padded + d, a);
    } else if (element == MINKE_CACHE_F16) {
      store_halves((uint16_t *)values + position * padded + d, a);
    } else {
      uint16_t numbers[16];
      store_bfloats(numbers, a);
      uint16_t *out = (uint16_t *)values + (position / 2 * padded + d) * 2 + position % 2;
      for (size_t j = 0; j < 16; j++) out[2 * j] = numbers[j];
    }
  }
}
