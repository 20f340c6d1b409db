// Blocks of 32 weights with scales of their own: Q4_0, Q5_0, Q8_0, IQ4_NL; Q4_1 and Q5_1.

#pragma STDC FP_CONTRACT OFF

/// Codes' low nibbles, the first half of the block below the second; bit 4 to a mask where there is one.
MINKE_INLINE void store_nibbles(const uint8_t *codes, uint8_t *out) {
  for (int i = 0; i < 16; i++) out[i] = (uint8_t)((codes[i] & 15) | (codes[i + 16] & 15) << 4);
}

MINKE_INLINE void store_fifth_bits(const uint8_t *codes, uint8_t *out) {
  memset(out, 0, 4);
  for (int i = 0; i < 32; i++) out[i >> 3] |= (uint8_t)((codes[i] >> 4 & 1) << (i & 7));
}

MINKE_INLINE void codes_of_scale(struct levels levels, int count, const lanes *x, float scale, uint8_t *codes) {
  const float units = inverse(scale);
  for (int v = 0; v < count; v++) {
    const lanes level = nearest_levels(levels, x[v] * units);
    for (int i = 0; i < LANES; i++) codes[LANES * v + i] = code_of_level(levels, level[i]);
  }
}

MINKE_INLINE void codes_of_line(float high, int count, const lanes *x, struct line line, uint8_t *codes) {
  const float units = inverse(line.scale);
  const struct levels levels = {.low = 0, .high = high};
  for (int v = 0; v < count; v++) {
    const lanes level = nearest_levels(levels, (x[v] - line.minimum) * units);
    for (int i = 0; i < LANES; i++) codes[LANES * v + i] = (uint8_t)(int)level[i];
  }
}

/// A block with one scale: the half, and codes from 0.
MINKE_INLINE float quantize_scaled(struct levels levels, struct guesses guesses, const lanes *x, const lanes *w,
                                   uint8_t *codes) {
  const float scale = best_half_scale(levels, 2, x, w, fit_scale(levels, guesses, 2, x, w));
  codes_of_scale(levels, 2, x, scale, codes);
  return scale;
}

/// A block with scale and minimum, which become the halves that are returned, and codes.
MINKE_INLINE struct line quantize_line(float high, struct guesses guesses, const lanes *x, const lanes *w,
                                       uint8_t *codes) {
  const struct line exact = fit_line(high, false, guesses, 2, x, w);
  struct line best = {as_half(exact.scale), as_half(exact.minimum)};
  float least = line_error(high, 2, x, w, best);
  for (int step = 0; step < 9; step++) {
    const struct line line = {neighbouring_half(as_half(exact.scale), step % 3 - 1),
                              neighbouring_half(as_half(exact.minimum), step / 3 - 1)};
    const float error = line_error(high, 2, x, w, line);
    if (error < least) (best = line, least = error);
  }
  codes_of_line(high, 2, x, best, codes);
  return best;
}

#define BLOCK_QUANTIZER(name) static void name(const lanes *x, const lanes *w, uint8_t *out)

BLOCK_QUANTIZER(quantize_q4_0) {
  uint8_t codes[32];
  const struct levels levels = {.low = -8, .high = 7};
  const float scale = quantize_scaled(levels, (struct guesses){1, 1, 6, 0.2f, 18}, x, w, codes);
  stored_q4_0 *block = (stored_q4_0 *)out;
  store_half(scale, block->d);
  store_nibbles(codes, block->codes);
}

BLOCK_QUANTIZER(quantize_q5_0) {
  uint8_t codes[32];
  const struct levels levels = {.low = -16, .high = 15};
  const float scale = quantize_scaled(levels, (struct guesses){1, 1, 13, 0.25f, 20}, x, w, codes);
  stored_q5_0 *block = (stored_q5_0 *)out;
  store_half(scale, block->d);
  store_fifth_bits(codes, block->high);
  store_nibbles(codes, block->codes);
}

BLOCK_QUANTIZER(quantize_q8_0) {
  uint8_t codes[32];
  const struct levels levels = {.low = -127, .high = 127};
  const float scale = quantize_scaled(levels, (struct guesses){125, 1, 125, 0.25f, 11}, x, w, codes);
  stored_q8_0 *block = (stored_q8_0 *)out;
  store_half(scale, block->d);
  for (int i = 0; i < 32; i++) block->codes[i] = (uint8_t)(codes[i] - 127);
}

BLOCK_QUANTIZER(quantize_iq4_nl) {
  uint8_t codes[32];
  const struct levels levels = {.codebook = true, .low = -127, .high = 113};
  const float scale = quantize_scaled(levels, (struct guesses){45, 8, 95, 5, 12}, x, w, codes);
  stored_q4_0 *block = (stored_q4_0 *)out;
  store_half(scale, block->d);
  store_nibbles(codes, block->codes);
}

BLOCK_QUANTIZER(quantize_q4_1) {
  uint8_t codes[32];
  const struct line line = quantize_line(15, (struct guesses){1, 1, 12, 0.5f, 13}, x, w, codes);
  stored_q4_1 *block = (stored_q4_1 *)out;
  store_half(line.scale, block->d);
  store_half(line.minimum, block->m);
  store_nibbles(codes, block->codes);
}

BLOCK_QUANTIZER(quantize_q5_1) {
  uint8_t codes[32];
  const struct line line = quantize_line(31, (struct guesses){1, 1, 28, 0.5f, 11}, x, w, codes);
  stored_q5_1 *block = (stored_q5_1 *)out;
  store_half(line.scale, block->d);
  store_half(line.minimum, block->m);
  store_fifth_bits(codes, block->high);
  store_nibbles(codes, block->codes);
}
