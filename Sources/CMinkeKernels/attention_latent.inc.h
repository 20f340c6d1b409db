// Attention whose values are the beginnings of its keys, as DeepSeek-V2's latent attention has it
// (arXiv:2405.04434, section 2.1): a position is stored once, as a key. Included by `attention.inc.h`.

typedef uint16_t halves __attribute__((vector_size(32)));

/// Two vectors' even or odd halves of a stage of a transposition.
#define LOW_PAIRS(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH_PAIRS(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/// Turns 16 × 16 numbers of two bytes: of [dimension][position] it makes [position][dimension], rows `stride` apart.
INLINE void turn_square(const uint16_t *from, uint16_t *to, size_t stride) {
  halves a[16], b[16];
  for (int i = 0; i < 16; i++) memcpy(&a[i], from + 16 * i, sizeof a[i]);
  // Interleaving row i with row i + 8 moves each index by one bit; four times is a transposition.
  UNROLL for (int stage = 0; stage < 4; stage++) {
    UNROLL for (int i = 0; i < 8; i++) {
      b[2 * i] = LOW_PAIRS(a[i], a[i + 8]);
      b[2 * i + 1] = HIGH_PAIRS(a[i], a[i + 8]);
    }
    UNROLL for (int i = 0; i < 16; i++) a[i] = b[i];
  }
  for (int i = 0; i < 16; i++) memcpy(to + (size_t)i * stride, &a[i], sizeof a[i]);
}

/// Keys of 64 positions as values of them, exactly as `store_value` would have written their first numbers.
static void turn_keys(const work *w, const cache_block *keys) {
  const minke_attention *call = w->call;
  const size_t dim = call->head_dim, padded = (dim + 15) / 16 * 16, blocks = w->dim_blocks;
  const size_t tile_bytes = minke_key_bytes(dim, call->key_element) / (BLOCK / MINKE_KV_TILE);
  for (size_t tile = 0; tile < BLOCK / MINKE_KV_TILE; tile++) {
    const uint8_t *from = keys->bytes + tile * tile_bytes;
    const size_t position = tile * MINKE_KV_TILE;
    switch (call->key_element) {
      case MINKE_CACHE_F32:
        for (size_t d = 0; d < call->value_dim; d++)
          for (size_t p = 0; p < MINKE_KV_TILE; p++)
            ((float *)w->turned)[(position + p) * padded + d] = ((const float *)from)[d * MINKE_KV_TILE + p];
        break;
      case MINKE_CACHE_F16: {
        const uint16_t *numbers = (const uint16_t *)from;
        uint16_t *to = (uint16_t *)w->turned + position * padded;
        size_t d = 0;
        for (; d + 16 <= call->value_dim; d += 16) turn_square(numbers + d * MINKE_KV_TILE, to + d, padded);
        for (; d < call->value_dim; d++)
          for (size_t p = 0; p < MINKE_KV_TILE; p++) to[p * padded + d] = numbers[d * MINKE_KV_TILE + p];
        break;
      }
      case MINKE_CACHE_BF16:
        for (size_t d = 0; d < call->value_dim; d++)
          for (size_t p = 0; p < MINKE_KV_TILE; p++)
            ((uint16_t *)w->turned)[((position + p) / 2 * padded + d) * 2 + p % 2] =
                ((const uint16_t *)from)[(d / 2 * MINKE_KV_TILE + p) * 2 + d % 2];
        break;
      case MINKE_CACHE_Q8_0: {
        int8_t *to = (int8_t *)w->turned + position / 4 * 4 * 32 * blocks;
        for (size_t d = 0; d < 32 * blocks; d++)
          for (size_t p = 0; p < MINKE_KV_TILE; p++)
            to[(p / 4 * 32 * blocks + d) * 4 + p % 4] =
                (int8_t)(from[(d / 4 * MINKE_KV_TILE + p) * 4 + d % 4] - CODE_OFFSET);
        const uint16_t *scales = (const uint16_t *)(from + blocks * 32 * MINKE_KV_TILE);
        uint16_t *out = (uint16_t *)(w->turned + BLOCK * 32 * blocks) + position;
        for (size_t block = 0; block < blocks; block++)
          memcpy(out + block * BLOCK, scales + block * MINKE_KV_TILE, MINKE_KV_TILE * sizeof *out);
        break;
      }
    }
  }
}
