// Sixteen floats side by side, for quantisers: vectors of the compiler's own, which become whatever registers the
// including file's target has. Every operation is exact to the bit on all of them: no contraction to fused
// multiply-adds, sums of lanes in one order.
#ifndef MINKE_QUANTIZE_LANES_H
#define MINKE_QUANTIZE_LANES_H

#include "quantize_rows.h"

// Every function with vectors is inlined: no convention for passing them matters.
#pragma clang diagnostic ignored "-Wpsabi"

typedef float lanes __attribute__((ext_vector_type(16)));
typedef int32_t lane_bits __attribute__((ext_vector_type(16)));

#define LANES 16

MINKE_INLINE lanes load_lanes(const float *values) {
  lanes out;
  memcpy(&out, values, sizeof out);
  return out;
}

/// The sum of the lanes, halves first.
MINKE_INLINE float lane_sum(lanes a) {
  const __auto_type eight = a.lo + a.hi;
  const __auto_type four = eight.lo + eight.hi;
  const __auto_type two = four.lo + four.hi;
  return two.lo + two.hi;
}

MINKE_INLINE lanes lane_min(lanes a, lanes b) { return a < b ? a : b; }
MINKE_INLINE lanes lane_max(lanes a, lanes b) { return a > b ? a : b; }
MINKE_INLINE lanes lane_magnitude(lanes a) { return (lanes)((lane_bits)a & 0x7FFFFFFF); }

MINKE_INLINE float least_lane(lanes a) {
  float least = a[0];
  for (int i = 1; i < LANES; i++) least = a[i] < least ? a[i] : least;
  return least;
}

MINKE_INLINE float largest_lane(lanes a) { return -least_lane(-a); }

/// The nearest integers, ties to even, of magnitudes below 2^22.
MINKE_INLINE lanes nearest_integers(lanes a) {
  const float shift = 0x1.8p23f;
  return (a + shift) - shift;
}

/// The nearest half of a float: what a scale will be when it is read. Least squares may lead beyond all halves.
MINKE_INLINE float as_half(float value) {
  const float largest = 65504;
  return half_to_float(float_to_half(value > largest ? largest : value < -largest ? -largest : value));
}

/// The half beside `value`, itself a half, away from zero or towards it; zero has no neighbour.
MINKE_INLINE float neighbouring_half(float value, int step) {
  const uint16_t half = float_to_half(value);
  const uint16_t magnitude = half & 0x7FFF;
  if (magnitude == 0 || (step > 0 && magnitude >= 0x7BFF)) return value;
  return half_to_float((uint16_t)(half + step));
}

MINKE_INLINE void store_half(float value, uint8_t *out) {
  const uint16_t half = float_to_half(value);
  memcpy(out, &half, sizeof half);
}

/// 1 / a, and 0 where there is no such number.
MINKE_INLINE float inverse(float a) {
  const float result = 1 / a;
  return result <= 0x1p120f && result >= -0x1p120f ? result : 0;
}

#endif
