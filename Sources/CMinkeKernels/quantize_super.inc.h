// Blocks of 256 weights whose groups have small integer scales under a common one: Q2_K to Q6_K, IQ4_XS.
//
// Each group is fitted on its own first. Then the integers are chosen for what the weights lose, not to be near the
// group's own fit, and the common scales are fitted to integers and codes; these two steps repeat while they help.

#pragma STDC FP_CONTRACT OFF

/// A block: 16 vectors.
#define SUPER_VECTORS 16
#define MAXIMUM_GROUPS 16

/// What common scales are tried first: the largest group's becomes `first`, then `step` less each time.
struct starts {
  float first, step;
  int count;
};

/// Rounds of choosing integers and refitting the common scales.
#define SUPER_ROUNDS 5

MINKE_INLINE float clamped_integer(float value, float low, float high) {
  const float clamped = value < low ? low : value > high ? high : value;
  return (float)(int)(clamped + (clamped < 0 ? -0.5f : 0.5f));
}

// MARK: Scales and minimums

/// group ≈ scale · scales[g] · code − minimum · minimums[g]
struct super_lines {
  float scale, minimum;
  float scales[MAXIMUM_GROUPS], minimums[MAXIMUM_GROUPS];
  float error;
};

MINKE_INLINE struct line group_line(const struct super_lines *lines, int group) {
  return (struct line){lines->scale * lines->scales[group], -(lines->minimum * lines->minimums[group])};
}

/// Chooses the integers of a group among those beside the present ones; returns the error.
MINKE_INLINE float choose_integers(struct super_lines *lines, int group, float high, float sub_high, int count,
                                   const lanes *x, const lanes *w) {
  const float scale = lines->scales[group], minimum = lines->minimums[group];
  float least = line_error(high, count, x, w, group_line(lines, group)), best_scale = scale, best_minimum = minimum;
  for (int step = 0; step < 9; step++) {
    const float s = scale + (float)(step % 3 - 1), m = minimum + (float)(step / 3 - 1);
    if (step == 4 || s < 0 || s > sub_high || m < 0 || m > sub_high) continue;
    const struct line line = {lines->scale * s, -(lines->minimum * m)};
    const float error = line_error(high, count, x, w, line);
    if (error < least) (least = error, best_scale = s, best_minimum = m);
  }
  lines->scales[group] = best_scale;
  lines->minimums[group] = best_minimum;
  return least;
}

/// Fits the common scale and minimum to integers and codes, as halves.
MINKE_INLINE void refit_super_lines(struct super_lines *lines, float high, int groups, int count, const lanes *x,
                                    const lanes *w) {
  // The normal equations of Σ w (s · (scales[g] · code) − t · minimums[g] − x)².
  float a = 0, b = 0, c = 0, p = 0, r = 0;
  const struct levels levels = {.low = 0, .high = high};
  for (int g = 0; g < groups; g++) {
    const struct line line = group_line(lines, g);
    const float units = inverse(line.scale), s = lines->scales[g], m = lines->minimums[g];
    lanes codes = 0, squares = 0, products = 0, weights = 0, values = 0;
    for (int v = g * count; v < (g + 1) * count; v++) {
      const lanes code = nearest_levels(levels, (x[v] - line.minimum) * units), weighted = w[v] * code;
      codes += weighted;
      squares += weighted * code;
      products += weighted * x[v];
      weights += w[v];
      values += w[v] * x[v];
    }
    a += s * s * lane_sum(squares);
    b += s * m * lane_sum(codes);
    c += m * m * lane_sum(weights);
    p += s * lane_sum(products);
    r += m * lane_sum(values);
  }
  const float determinant = a * c - b * b;
  float scale = lines->scale, minimum = lines->minimum;
  if (determinant > a * c * 0x1p-18f) {
    scale = (p * c - b * r) / determinant;
    minimum = (b * p - a * r) / determinant;
  } else if (a > 0) {
    scale = (p + b * minimum) / a;
  }
  if (scale > 0) lines->scale = as_half(scale);
  if (minimum > 0) lines->minimum = as_half(minimum);
}

MINKE_INLINE struct super_lines fit_super_lines(float high, float sub_high, struct guesses guesses,
                                                struct starts starts, int groups, const lanes *x, const lanes *w) {
  const int count = SUPER_VECTORS / groups;
  struct line exact[MAXIMUM_GROUPS];
  float scale = 0, minimum = 0;
  for (int g = 0; g < groups; g++) {
    exact[g] = fit_line(high, true, guesses, count, x + g * count, w + g * count);
    if (exact[g].scale > scale) scale = exact[g].scale;
    if (-exact[g].minimum > minimum) minimum = -exact[g].minimum;
  }
  // Nothing is written where scales too small for halves would do worse.
  struct super_lines best = {.error = line_error(high, SUPER_VECTORS, x, w, (struct line){0, 0})};
  for (int start = 0; start < starts.count; start++) {
    struct super_lines lines = {.scale = as_half(scale / (starts.first - starts.step * (float)start)),
                                .minimum = as_half(minimum / sub_high)};
    const float scale_units = inverse(lines.scale), minimum_units = inverse(lines.minimum);
    for (int g = 0; g < groups; g++) {
      lines.scales[g] = clamped_integer(exact[g].scale * scale_units, 0, sub_high);
      lines.minimums[g] = clamped_integer(-exact[g].minimum * minimum_units, 0, sub_high);
    }
    float last = INFINITY;
    for (int round = 0; round < SUPER_ROUNDS; round++) {
      lines.error = 0;
      for (int g = 0; g < groups; g++)
        lines.error += choose_integers(&lines, g, high, sub_high, count, x + g * count, w + g * count);
      if (lines.error < best.error) best = lines;
      if (!(lines.error < last * 0.9995f)) break;
      last = lines.error;
      refit_super_lines(&lines, high, groups, count, x, w);
    }
  }
  return best;
}

/// The codes of all groups, 32 and 32 in the block's order.
MINKE_INLINE void super_line_codes(const struct super_lines *lines, float high, int groups, const lanes *x,
                                   uint8_t *codes) {
  const int count = SUPER_VECTORS / groups;
  for (int g = 0; g < groups; g++)
    codes_of_line(high, count, x + g * count, group_line(lines, g), codes + LANES * g * count);
}

// MARK: Scales alone

/// group ≈ scale · scales[g] · level
struct super_scales {
  float scale;
  float scales[MAXIMUM_GROUPS];
  float error;
};

MINKE_INLINE float choose_integer(struct super_scales *found, int group, struct levels levels, float sub_low,
                                  float sub_high, int count, const lanes *x, const lanes *w) {
  const float middle = found->scales[group];
  float least = scaled_error(levels, count, x, w, found->scale * middle), best = middle;
  for (float step = -1; step <= 1; step += 2) {
    const float s = middle + step;
    if (s < sub_low || s > sub_high) continue;
    const float error = scaled_error(levels, count, x, w, found->scale * s);
    if (error < least) (least = error, best = s);
  }
  found->scales[group] = best;
  return least;
}

MINKE_INLINE void refit_super_scales(struct super_scales *found, struct levels levels, int groups, int count,
                                     const lanes *x, const lanes *w) {
  float product = 0, square = 0;
  for (int g = 0; g < groups; g++) {
    const float s = found->scales[g], units = inverse(found->scale * s);
    lanes products = 0, squares = 0;
    for (int v = g * count; v < (g + 1) * count; v++) {
      const lanes level = nearest_levels(levels, x[v] * units), weighted = w[v] * level;
      products += weighted * x[v];
      squares += weighted * level;
    }
    product += s * lane_sum(products);
    square += s * s * lane_sum(squares);
  }
  if (square > 0) found->scale = as_half(product / square);
}

MINKE_INLINE struct super_scales fit_super_scales(struct levels levels, float sub_low, float sub_high,
                                                  struct guesses guesses, struct starts starts, int groups,
                                                  const lanes *x, const lanes *w) {
  const int count = SUPER_VECTORS / groups;
  float exact[MAXIMUM_GROUPS], largest = 0;
  for (int g = 0; g < groups; g++) {
    exact[g] = fit_scale(levels, guesses, count, x + g * count, w + g * count);
    if (exact[g] * exact[g] > largest * largest) largest = exact[g];
  }
  struct super_scales best = {.error = scaled_error(levels, SUPER_VECTORS, x, w, 0)};
  for (int start = 0; start < 2 * starts.count; start++) {
    // The largest group's integer is negative first, for which there is one more, then positive.
    const float extent = starts.first - starts.step * (float)(start / 2);
    struct super_scales found = {.scale = as_half(largest / (start % 2 ? extent + sub_high + sub_low : -extent))};
    const float units = inverse(found.scale);
    for (int g = 0; g < groups; g++) found.scales[g] = clamped_integer(exact[g] * units, sub_low, sub_high);
    float last = INFINITY;
    for (int round = 0; round < SUPER_ROUNDS; round++) {
      found.error = 0;
      for (int g = 0; g < groups; g++)
        found.error += choose_integer(&found, g, levels, sub_low, sub_high, count, x + g * count, w + g * count);
      if (found.error < best.error) best = found;
      if (!(found.error < last * 0.9995f)) break;
      last = found.error;
      refit_super_scales(&found, levels, groups, count, x, w);
    }
  }
  return best;
}

MINKE_INLINE void super_scale_codes(const struct super_scales *found, struct levels levels, int groups,
                                    const lanes *x, uint8_t *codes) {
  const int count = SUPER_VECTORS / groups;
  for (int g = 0; g < groups; g++)
    codes_of_scale(levels, count, x + g * count, found->scale * found->scales[g], codes + LANES * g * count);
}

// MARK: The types

/// Two bits of 256 codes each: bytes of a half hold its four blocks of 32.
MINKE_INLINE void store_pairs(const uint8_t *codes, int shift, uint8_t *out) {
  memset(out, 0, 64);
  for (int i = 0; i < 256; i++) {
    const int half = i / 128, block = i / 32 % 4;
    out[half * 32 + i % 32] |= (uint8_t)((codes[i] >> shift & 3) << (2 * block));
  }
}

/// One bit of 256 codes: bit b of a byte is block b's.
MINKE_INLINE void store_bits(const uint8_t *codes, int shift, uint8_t *out) {
  memset(out, 0, 32);
  for (int i = 0; i < 256; i++) out[i % 32] |= (uint8_t)((codes[i] >> shift & 1) << (i / 32));
}

/// The low nibbles of 256 codes: 32 bytes hold two blocks of 32.
MINKE_INLINE void store_block_nibbles(const uint8_t *codes, uint8_t *out) {
  for (int pair = 0; pair < 4; pair++) {
    const uint8_t *low = codes + 64 * pair;
    for (int i = 0; i < 32; i++) out[32 * pair + i] = (uint8_t)((low[i] & 15) | (low[32 + i] & 15) << 4);
  }
}

/// Eight six-bit scales and minimums in twelve bytes, as `minke_q4_k_scales` reads them.
MINKE_INLINE void store_six_bits(const struct super_lines *lines, uint8_t *out) {
  for (int g = 0; g < 4; g++) {
    const uint8_t scale = (uint8_t)lines->scales[g], minimum = (uint8_t)lines->minimums[g];
    const uint8_t later_scale = (uint8_t)lines->scales[g + 4], later_minimum = (uint8_t)lines->minimums[g + 4];
    out[g] = (uint8_t)(scale | later_scale >> 4 << 6);
    out[g + 4] = (uint8_t)(minimum | later_minimum >> 4 << 6);
    out[g + 8] = (uint8_t)((later_scale & 15) | (later_minimum & 15) << 4);
  }
}

BLOCK_QUANTIZER(quantize_q2_k) {
  uint8_t codes[256];
  const struct super_lines lines =
      fit_super_lines(3, 15, (struct guesses){1, 1, 2, 0.25f, 9}, (struct starts){15.5f, 1, 3}, 16, x, w);
  super_line_codes(&lines, 3, 16, x, codes);
  stored_q2_k *block = (stored_q2_k *)out;
  for (int g = 0; g < 16; g++) block->scales[g] = (uint8_t)((int)lines.scales[g] | (int)lines.minimums[g] << 4);
  store_pairs(codes, 0, block->codes);
  store_half(lines.scale, block->d);
  store_half(lines.minimum, block->dmin);
}

BLOCK_QUANTIZER(quantize_q3_k) {
  uint8_t codes[256];
  const struct levels levels = {.low = -4, .high = 3};
  const struct super_scales found = fit_super_scales(levels, -32, 31, (struct guesses){1, 1, 2.5f, 0.125f, 24},
                                                     (struct starts){32, 1.5f, 2}, 16, x, w);
  super_scale_codes(&found, levels, 16, x, codes);
  stored_q3_k *block = (stored_q3_k *)out;
  store_bits(codes, 2, block->high);
  store_pairs(codes, 0, block->codes);
  memset(block->scales, 0, sizeof block->scales);
  for (int g = 0; g < 16; g++) {
    const int scale = (int)found.scales[g] + 32;
    block->scales[g & 7] |= (uint8_t)((scale & 15) << (g < 8 ? 0 : 4));
    block->scales[8 + (g & 3)] |= (uint8_t)(scale >> 4 << (2 * (g / 4)));
  }
  store_half(found.scale, block->d);
}

BLOCK_QUANTIZER(quantize_q4_k) {
  uint8_t codes[256];
  const struct super_lines lines =
      fit_super_lines(15, 63, (struct guesses){1, 2, 11, 0.5f, 15}, (struct starts){63, 2, 2}, 8, x, w);
  super_line_codes(&lines, 15, 8, x, codes);
  stored_q4_k *block = (stored_q4_k *)out;
  store_half(lines.scale, block->d);
  store_half(lines.minimum, block->dmin);
  store_six_bits(&lines, block->scales);
  store_block_nibbles(codes, block->codes);
}

BLOCK_QUANTIZER(quantize_q5_k) {
  uint8_t codes[256];
  const struct super_lines lines =
      fit_super_lines(31, 63, (struct guesses){3, 4, 26, 0.5f, 16}, (struct starts){63, 2, 2}, 8, x, w);
  super_line_codes(&lines, 31, 8, x, codes);
  stored_q5_k *block = (stored_q5_k *)out;
  store_half(lines.scale, block->d);
  store_half(lines.minimum, block->dmin);
  store_six_bits(&lines, block->scales);
  store_bits(codes, 4, block->high);
  store_block_nibbles(codes, block->codes);
}

BLOCK_QUANTIZER(quantize_q6_k) {
  uint8_t codes[256];
  const struct levels levels = {.low = -32, .high = 31};
  const struct super_scales found = fit_super_scales(levels, -128, 127, (struct guesses){20, 2, 28, 0.25f, 24},
                                                     (struct starts){128, 2, 1}, 16, x, w);
  super_scale_codes(&found, levels, 16, x, codes);
  stored_q6_k *block = (stored_q6_k *)out;
  for (int i = 0; i < 128; i++) {
    // Bytes of a half hold blocks 0 and 2, then 1 and 3, of its four.
    const uint8_t *low = codes + i / 64 * 128 + i % 64;
    block->low[i] = (uint8_t)((low[0] & 15) | (low[64] & 15) << 4);
  }
  store_pairs(codes, 4, block->high);
  for (int g = 0; g < 16; g++) block->scales[g] = (uint8_t)(int8_t)found.scales[g];
  store_half(found.scale, block->d);
}

BLOCK_QUANTIZER(quantize_iq4_xs) {
  uint8_t codes[256];
  const struct levels levels = {.codebook = true, .low = -127, .high = 113};
  const struct super_scales found = fit_super_scales(levels, -32, 31, (struct guesses){45, 8, 95, 5, 12},
                                                     (struct starts){32, 1.5f, 1}, 8, x, w);
  super_scale_codes(&found, levels, 8, x, codes);
  stored_iq4_xs *block = (stored_iq4_xs *)out;
  store_half(found.scale, block->d);
  uint16_t high = 0;
  memset(block->scales_low, 0, sizeof block->scales_low);
  for (int g = 0; g < 8; g++) {
    const int scale = (int)found.scales[g] + 32;
    block->scales_low[g / 2] |= (uint8_t)((scale & 15) << (4 * (g & 1)));
    high |= (uint16_t)(scale >> 4 << (2 * g));
    store_nibbles(codes + 32 * g, block->codes + 16 * g);
  }
  memcpy(block->scales_high, &high, sizeof high);
}
