// Sixteen float32 lanes in plain C: what the instruction sets' versions must equal.
#ifndef MINKE_VECTOR_LANES_PORTABLE_H
#define MINKE_VECTOR_LANES_PORTABLE_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vector_half.h"

#define INLINE static inline __attribute__((always_inline))
#define EACH for (int i = 0; i < 16; i++)

/// Vectors side by side in the attention's inner tile, for 1 to 6 queries: what the registers hold.
#define TILE_VECTORS(queries) 1
/// The same for integer products, and the most queries there.
#define BYTE_VECTORS 1
#define BYTE_QUERIES 4
/// Where `b_store_weights` puts four positions' weights: the word of positions 4g…4g+3.
#define WEIGHT_WORD(g) (g)

typedef struct {
  float lane[16];
} vec;

INLINE vec v_set(float x) {
  vec r;
  EACH r.lane[i] = x;
  return r;
}
INLINE vec v_load(const float *p) {
  vec r;
  memcpy(&r, p, sizeof r);
  return r;
}
INLINE void v_store(float *p, vec a) { memcpy(p, &a, sizeof a); }
/// The first `n` < 16 elements, the other lanes 0.
INLINE vec v_load_first(const float *p, size_t n) {
  vec r = v_set(0);
  memcpy(&r, p, n * sizeof(float));
  return r;
}
INLINE void v_store_first(float *p, vec a, size_t n) { memcpy(p, &a, n * sizeof(float)); }
INLINE vec v_load_half(const uint16_t *p) {
  vec r;
  EACH r.lane[i] = half_to_float(p[i]);
  return r;
}
INLINE void v_store_half(uint16_t *p, vec a) { EACH p[i] = float_to_half(a.lane[i]); }

INLINE vec v_add(vec a, vec b) {
  EACH a.lane[i] = a.lane[i] + b.lane[i];
  return a;
}
INLINE vec v_sub(vec a, vec b) {
  EACH a.lane[i] = a.lane[i] - b.lane[i];
  return a;
}
INLINE vec v_mul(vec a, vec b) {
  EACH a.lane[i] = a.lane[i] * b.lane[i];
  return a;
}
INLINE vec v_div(vec a, vec b) {
  EACH a.lane[i] = a.lane[i] / b.lane[i];
  return a;
}
/// a·b + c, rounded once.
INLINE vec v_fma(vec a, vec b, vec c) {
  EACH a.lane[i] = __builtin_fmaf(a.lane[i], b.lane[i], c.lane[i]);
  return a;
}
/// The second where the two are equal or one is a NaN (as x86).
INLINE vec v_max(vec a, vec b) {
  EACH a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
  return a;
}
INLINE vec v_min(vec a, vec b) {
  EACH a.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
  return a;
}
INLINE vec v_abs(vec a) {
  EACH a.lane[i] = __builtin_fabsf(a.lane[i]);
  return a;
}
INLINE vec v_negate(vec a) {
  EACH a.lane[i] = -a.lane[i];
  return a;
}
/// The magnitude of `a` with the sign of `b`.
INLINE vec v_copy_sign(vec a, vec b) {
  EACH a.lane[i] = __builtin_copysignf(a.lane[i], b.lane[i]);
  return a;
}
/// x where a < b, else y.
INLINE vec v_where_less(vec a, vec b, vec x, vec y) {
  EACH x.lane[i] = a.lane[i] < b.lane[i] ? x.lane[i] : y.lane[i];
  return x;
}
/// a in lanes [first, end), b in the others.
INLINE vec v_where_lanes(int first, int end, vec a, vec b) {
  EACH a.lane[i] = i >= first && i < end ? a.lane[i] : b.lane[i];
  return a;
}
/// Lanes 2i and 2i+1 exchanged.
INLINE vec v_swap_pairs(vec a) {
  vec r;
  EACH r.lane[i] = a.lane[i ^ 1];
  return r;
}
/// a · 2^n for integral n in −151…128 and |a| in 0.5…2, rounded once.
INLINE vec v_scale_by_power(vec a, vec n) {
  EACH {
    const int power = n.lane[i] == n.lane[i] ? (int)n.lane[i] : 0, half = power >> 1;
    uint32_t bits[2] = {(uint32_t)(half + 127) << 23, (uint32_t)(power - half + 127) << 23};
    float factor[2];
    memcpy(factor, bits, sizeof factor);
    a.lane[i] = a.lane[i] * factor[0] * factor[1];
  }
  return a;
}
/// Lanes i and i+8, then i+4, i+2, i+1.
INLINE float v_sum(vec a) {
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) a.lane[i] = a.lane[i] + a.lane[i + width];
  }
  return a.lane[0];
}
INLINE float v_largest(vec a) {
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) {
      a.lane[i] = a.lane[i] > a.lane[i + width] ? a.lane[i] : a.lane[i + width];
    }
  }
  return a.lane[0];
}


// MARK: Pairs of bfloat16

/// x + a·b of both numbers of a pair of bfloat16 in each lane: the second's first, each rounded once.
INLINE vec v_dot_pairs(vec x, vec a, vec b) {
  EACH {
    uint32_t p, q;
    memcpy(&p, &a.lane[i], 4);
    memcpy(&q, &b.lane[i], 4);
    const uint32_t bits[4] = {p & 0xFFFF0000, q & 0xFFFF0000, p << 16, q << 16};
    float f[4];
    memcpy(f, bits, sizeof f);
    x.lane[i] = __builtin_fmaf(f[2], f[3], __builtin_fmaf(f[0], f[1], x.lane[i]));
  }
  return x;
}
/// Rounds finite numbers to even.
INLINE void v_store_bfloat(uint16_t *p, vec a) {
  EACH {
    uint32_t bits;
    memcpy(&bits, &a.lane[i], 4);
    p[i] = (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
}
/// The bits of `a` plus those of `t` shifted to the exponent: a · 2^n for t = 1.5 · 2^23 + n.
INLINE vec v_add_exponent(vec a, vec t) {
  EACH {
    uint32_t x, n;
    memcpy(&x, &a.lane[i], 4);
    memcpy(&n, &t.lane[i], 4);
    x += n << 23;
    memcpy(&a.lane[i], &x, 4);
  }
  return a;
}

// MARK: Bytes

typedef struct {
  int32_t lane[16];
} ivec;
/// 64 bytes: four in each lane.
typedef struct {
  int16_t byte[64];
} bytes;
/// Four bytes for all lanes.
typedef struct {
  int16_t byte[4];
} quad;

INLINE bytes b_load_keys(const uint8_t *p) {
  bytes r;
  for (int i = 0; i < 64; i++) r.byte[i] = (int16_t)(p[i] - 128);
  return r;
}
INLINE bytes b_load_values(const uint8_t *p) {
  bytes r;
  for (int i = 0; i < 64; i++) r.byte[i] = (int8_t)p[i];
  return r;
}
INLINE quad b_load_query(const uint8_t *p) {
  quad r;
  for (int i = 0; i < 4; i++) r.byte[i] = (int8_t)p[i];
  return r;
}
INLINE quad b_load_weights(const uint8_t *p) {
  quad r;
  for (int i = 0; i < 4; i++) r.byte[i] = p[i];
  return r;
}
/// What a query's sums begin with: `start`, −128 times the sum of its codes, where keys keep their offset.
INLINE ivec i_key_start(int32_t start) {
  (void)start;
  return (ivec){{0}};
}
/// What sums of a query's 64 weights times values begin with.
INLINE ivec i_value_start(const uint8_t *weights) {
  (void)weights;
  return (ivec){{0}};
}
INLINE ivec i_dot(ivec x, bytes a, quad b) {
  EACH {
    for (int j = 0; j < 4; j++) x.lane[i] += a.byte[4 * i + j] * b.byte[j];
  }
  return x;
}
INLINE ivec i_dot_keys(ivec x, bytes keys, quad query) { return i_dot(x, keys, query); }
INLINE ivec i_dot_values(ivec x, bytes values, quad weights) { return i_dot(x, values, weights); }
INLINE vec v_from_int(ivec x) {
  vec r;
  EACH r.lane[i] = (float)x.lane[i];
  return r;
}
/// Numbers of 64 positions rounded to even and kept within 0…255; 0 for a NaN.
INLINE void b_store_weights(uint8_t *p, const vec w[4]) {
  for (int i = 0; i < 64; i++) {
    const float x = w[i / 16].lane[i % 16], rounded = (x + 0x1.8p23f) - 0x1.8p23f;
    p[i] = !(rounded > 0) ? 0 : rounded < 255 ? (uint8_t)rounded : 255;
  }
}

#endif
