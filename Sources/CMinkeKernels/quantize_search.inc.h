// The searches that quantisers are made of: a scale, or a scale and a minimum, for a group of 16 or 32 weights.
//
// A group is `count` vectors of values x and weights w. What is sought minimises Σ w (decoded − x)². With the codes
// given, the best scale and minimum follow by linear least squares; with these given, the best codes are the nearest.
// A grid of first guesses and these two steps in turn find a minimum that is hardly ever missed by more than a little.

#pragma STDC FP_CONTRACT OFF

/// The numbers that codes stand for, in units of the scale: the integers `low` to `high`, or the IQ4 types' codebook.
struct levels {
  bool codebook;
  float low, high;
};

/// Guesses of what the largest magnitude becomes in units of the scale: whole numbers from `coarse` below `first`, for
/// groups with few distinct values, then `count` steps from `first` on.
struct guesses {
  float coarse, coarse_step, first, step;
  int count;
};

static const float codebook_levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// The nearest levels.
MINKE_INLINE lanes nearest_levels(struct levels levels, lanes x) {
  if (!levels.codebook) return nearest_integers(lane_min(lane_max(x, levels.low), levels.high));
  lanes level = codebook_levels[0];
  for (int i = 1; i < 16; i++) {
    const lane_bits above = x > (codebook_levels[i - 1] + codebook_levels[i]) * 0.5f;
    const lanes step = codebook_levels[i] - codebook_levels[i - 1];
    level += (lanes)(above & (lane_bits)step);
  }
  return level;
}

/// The code of a level.
MINKE_INLINE uint8_t code_of_level(struct levels levels, float level) {
  if (!levels.codebook) return (uint8_t)(int)(level - levels.low);
  uint8_t code = 0;
  while (code < 15 && codebook_levels[code] < level) code++;
  return code;
}

MINKE_INLINE float largest_magnitude(int count, const lanes *x) {
  lanes largest = 0;
  for (int v = 0; v < count; v++) largest = lane_max(largest, lane_magnitude(x[v]));
  return largest_lane(largest);
}

// MARK: One scale

/// Σ w (scale · level − x)² with the nearest levels.
MINKE_INLINE float scaled_error(struct levels levels, int count, const lanes *x, const lanes *w, float scale) {
  const float units = inverse(scale);
  lanes sum = 0;
  for (int v = 0; v < count; v++) {
    const lanes rest = nearest_levels(levels, x[v] * units) * scale - x[v];
    sum += w[v] * rest * rest;
  }
  return lane_sum(sum);
}

/// A scale, and by how much it lowers Σ w x²: (Σ w x q)² / Σ w q².
struct scale_fit {
  float scale, gain;
};

/// The best scale for the levels that are nearest in some units.
MINKE_INLINE struct scale_fit refit_scale(struct levels levels, int count, const lanes *x, const lanes *w,
                                          float units) {
  lanes products = 0, squares = 0;
  for (int v = 0; v < count; v++) {
    const lanes level = nearest_levels(levels, x[v] * units), weighted = w[v] * level;
    products += weighted * x[v];
    squares += weighted * level;
  }
  const float product = lane_sum(products), square = lane_sum(squares);
  if (!(square > 0)) return (struct scale_fit){0, 0};
  const float scale = product / square;
  return (struct scale_fit){scale, scale * product};
}

/// The scale, of either sign, that fits best; 0 where all values are next to nothing.
MINKE_INLINE float fit_scale(struct levels levels, struct guesses guesses, int count, const lanes *x,
                             const lanes *w) {
  const float largest = largest_magnitude(count, x);
  if (!(largest > 0x1p-40f)) return 0;
  struct scale_fit best = {0, 0};
  const bool mirrored = levels.low == -levels.high;
  const float end = guesses.first + guesses.step * ((float)guesses.count - 0.5f);
  for (float extent = guesses.coarse; extent < end;
       extent += extent + guesses.coarse_step * 0.5f < guesses.first ? guesses.coarse_step : guesses.step) {
    const float units = extent / largest;
    const struct scale_fit plain = refit_scale(levels, count, x, w, units);
    if (plain.gain > best.gain) best = plain;
    if (mirrored) continue;
    const struct scale_fit opposite = refit_scale(levels, count, x, w, -units);
    if (opposite.gain > best.gain) best = opposite;
  }
  for (int round = 0; round < 8; round++) {
    const struct scale_fit next = refit_scale(levels, count, x, w, inverse(best.scale));
    if (!(next.gain > best.gain)) break;
    best = next;
  }
  return best.scale;
}

/// The half near `scale` that fits best.
MINKE_INLINE float best_half_scale(struct levels levels, int count, const lanes *x, const lanes *w, float scale) {
  const float middle = as_half(scale);
  float best = middle, least = scaled_error(levels, count, x, w, middle);
  for (int step = -1; step <= 1; step += 2) {
    const float candidate = neighbouring_half(middle, step);
    const float error = scaled_error(levels, count, x, w, candidate);
    if (error < least) (best = candidate, least = error);
  }
  return best;
}

// MARK: A scale and a minimum

/// x ≈ scale · code + minimum, codes 0 to `high`.
struct line {
  float scale, minimum;
};

/// Σ w (scale · code + minimum − x)² with the nearest codes.
MINKE_INLINE float line_error(float high, int count, const lanes *x, const lanes *w, struct line line) {
  const float units = inverse(line.scale);
  const struct levels levels = {.low = 0, .high = high};
  lanes sum = 0;
  for (int v = 0; v < count; v++) {
    const lanes rest = nearest_levels(levels, (x[v] - line.minimum) * units) * line.scale + (line.minimum - x[v]);
    sum += w[v] * rest * rest;
  }
  return lane_sum(sum);
}

/// Sums that do not depend on the codes.
struct line_sums {
  float weight, product;  // Σ w, Σ w x
};

/// The best line for the codes that are nearest to a line, and by how much it lowers Σ w x².
///
/// - `floored`: the minimum must not be above zero, nor the scale below.
MINKE_INLINE struct line refit_line(float high, bool floored, int count, const lanes *x, const lanes *w,
                                    struct line_sums sums, lanes units, lanes shift, float *gain) {
  const struct levels levels = {.low = 0, .high = high};
  lanes codes = 0, squares = 0, products = 0;
  for (int v = 0; v < count; v++) {
    const lanes code = nearest_levels(levels, x[v] * units + shift), weighted = w[v] * code;
    codes += weighted;
    squares += weighted * code;
    products += weighted * x[v];
  }
  const float code = lane_sum(codes), square = lane_sum(squares), product = lane_sum(products);
  const float determinant = sums.weight * square - code * code;
  struct line line = {0, 0};
  *gain = 0;
  if (!(square > 0)) return line;
  if (determinant > sums.weight * square * 0x1p-20f) {
    line.scale = (sums.weight * product - sums.product * code) / determinant;
    line.minimum = (square * sums.product - code * product) / determinant;
  }
  if (floored && (line.minimum > 0 || line.scale <= 0)) line = (struct line){product / square, 0};
  if (floored && line.scale < 0) return (struct line){0, 0};
  // Σ w x² − error, for any line: 2 (s Σwxq + m Σwx) − (s² Σwq² + 2 s m Σwq + m² Σw).
  const float s = line.scale, m = line.minimum;
  *gain = 2 * (s * product + m * sums.product) - (s * s * square + 2 * s * m * code + m * m * sums.weight);
  return line;
}

/// The line that fits best.
MINKE_INLINE struct line fit_line(float high, bool floored, struct guesses guesses, int count, const lanes *x,
                                  const lanes *w) {
  lanes least = x[0], largest = x[0], weights = 0, products = 0;
  for (int v = 0; v < count; v++) {
    least = lane_min(least, x[v]);
    largest = lane_max(largest, x[v]);
    weights += w[v];
    products += w[v] * x[v];
  }
  float from = least_lane(least), to = largest_lane(largest);
  if (floored && from > 0) from = 0;
  const struct line_sums sums = {lane_sum(weights), lane_sum(products)};
  if (!(to - from > 0x1p-40f)) {
    const float middle = sums.weight > 0 ? sums.product / sums.weight : 0;
    return (struct line){0, floored && middle > 0 ? 0 : middle};
  }
  struct line best = {(to - from) / high, from};
  float best_gain = -1;
  const float end = guesses.first + guesses.step * ((float)guesses.count - 0.5f);
  for (float extent = guesses.coarse; extent < end;
       extent += extent + guesses.coarse_step * 0.5f < guesses.first ? guesses.coarse_step : guesses.step) {
    const float units = extent / (to - from), spare = high - extent;
    // The least value at code 0; the largest at code `high`; as far beyond both ends, or within.
    for (int place = 0; place < 3; place++) {
      if (place > 0 && (extent < guesses.first || spare == 0)) break;
      const float shift = spare * (place == 0 ? 0 : place == 1 ? 1 : 0.5f) - from * units;
      float gain;
      const struct line line = refit_line(high, floored, count, x, w, sums, units, shift, &gain);
      if (gain > best_gain) (best = line, best_gain = gain);
    }
  }
  for (int round = 0; round < 8; round++) {
    const float units = inverse(best.scale);
    float gain;
    const struct line line = refit_line(high, floored, count, x, w, sums, units, -best.minimum * units, &gain);
    if (!(gain > best_gain)) break;
    (best = line, best_gain = gain);
  }
  return best;
}
