// Sixteen float32 lanes in four NEON registers. Meanings: `vector_lanes_portable.h`.
#ifndef MINKE_VECTOR_LANES_NEON_H
#define MINKE_VECTOR_LANES_NEON_H

#define INLINE static inline __attribute__((always_inline))
#define EACH for (int i = 0; i < 4; i++)

// 24 sums (6 queries), 4 quarters of a factor and a broadcast fill 29 of 32 registers.
#define TILE_VECTORS(queries) ((queries) > 2 ? 1 : 2)
// 24 sums, 4 quarters of a vector of bytes and a broadcast fill 29.
#define BYTE_VECTORS 1
#define BYTE_QUERIES 6
#define WEIGHT_WORD(g) (g)

typedef struct {
  float32x4_t q[4];
} vec;

INLINE vec v_set(float x) {
  vec r;
  EACH r.q[i] = vdupq_n_f32(x);
  return r;
}
INLINE vec v_load(const float *p) {
  vec r;
  EACH r.q[i] = vld1q_f32(p + 4 * i);
  return r;
}
INLINE void v_store(float *p, vec a) { EACH vst1q_f32(p + 4 * i, a.q[i]); }
INLINE vec v_load_first(const float *p, size_t n) {
  float lanes[16] = {0};
  memcpy(lanes, p, n * sizeof(float));
  return v_load(lanes);
}
INLINE void v_store_first(float *p, vec a, size_t n) {
  float lanes[16];
  v_store(lanes, a);
  memcpy(p, lanes, n * sizeof(float));
}
INLINE vec v_load_half(const uint16_t *p) {
  vec r;
  EACH r.q[i] = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p + 4 * i)));
  return r;
}
INLINE void v_store_half(uint16_t *p, vec a) {
  EACH vst1_u16(p + 4 * i, vreinterpret_u16_f16(vcvt_f16_f32(a.q[i])));
}

INLINE vec v_add(vec a, vec b) {
  EACH a.q[i] = vaddq_f32(a.q[i], b.q[i]);
  return a;
}
INLINE vec v_sub(vec a, vec b) {
  EACH a.q[i] = vsubq_f32(a.q[i], b.q[i]);
  return a;
}
INLINE vec v_mul(vec a, vec b) {
  EACH a.q[i] = vmulq_f32(a.q[i], b.q[i]);
  return a;
}
INLINE vec v_div(vec a, vec b) {
  EACH a.q[i] = vdivq_f32(a.q[i], b.q[i]);
  return a;
}
INLINE vec v_fma(vec a, vec b, vec c) {
  EACH c.q[i] = vfmaq_f32(c.q[i], a.q[i], b.q[i]);
  return c;
}
// Not vmaxq and vminq, which treat NaN and −0 in another way.
INLINE vec v_max(vec a, vec b) {
  EACH a.q[i] = vbslq_f32(vcgtq_f32(a.q[i], b.q[i]), a.q[i], b.q[i]);
  return a;
}
INLINE vec v_min(vec a, vec b) {
  EACH a.q[i] = vbslq_f32(vcltq_f32(a.q[i], b.q[i]), a.q[i], b.q[i]);
  return a;
}
INLINE vec v_abs(vec a) {
  EACH a.q[i] = vabsq_f32(a.q[i]);
  return a;
}
INLINE vec v_negate(vec a) {
  EACH a.q[i] = vnegq_f32(a.q[i]);
  return a;
}
INLINE vec v_copy_sign(vec a, vec b) {
  EACH a.q[i] = vbslq_f32(vdupq_n_u32(0x80000000), b.q[i], a.q[i]);
  return a;
}
INLINE vec v_where_less(vec a, vec b, vec x, vec y) {
  EACH x.q[i] = vbslq_f32(vcltq_f32(a.q[i], b.q[i]), x.q[i], y.q[i]);
  return x;
}
INLINE vec v_where_lanes(int first, int end, vec a, vec b) {
  static const int32_t counts[4] = {0, 1, 2, 3};
  EACH {
    const int32x4_t lane = vaddq_s32(vld1q_s32(counts), vdupq_n_s32(4 * i));
    const uint32x4_t inside =
        vandq_u32(vcgeq_s32(lane, vdupq_n_s32(first)), vcltq_s32(lane, vdupq_n_s32(end)));
    a.q[i] = vbslq_f32(inside, a.q[i], b.q[i]);
  }
  return a;
}
INLINE vec v_swap_pairs(vec a) {
  EACH a.q[i] = vrev64q_f32(a.q[i]);
  return a;
}
/// Twice a multiplication by a power of two, the first of them exact.
INLINE vec v_scale_by_power(vec a, vec n) {
  EACH {
    const int32x4_t power = vcvtq_s32_f32(n.q[i]), half = vshrq_n_s32(power, 1);
    const int32x4_t bias = vdupq_n_s32(127), rest = vsubq_s32(power, half);
    a.q[i] = vmulq_f32(a.q[i], vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23)));
    a.q[i] = vmulq_f32(a.q[i], vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(rest, bias), 23)));
  }
  return a;
}

INLINE float v_sum(vec a) {
  const float32x4_t low = vaddq_f32(a.q[0], a.q[2]), high = vaddq_f32(a.q[1], a.q[3]);
  const float32x4_t four = vaddq_f32(low, high);
  const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}
INLINE float v_largest(vec a) {
  float lanes[16];
  v_store(lanes, a);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) lanes[i] = lanes[i] > lanes[i + width] ? lanes[i] : lanes[i + width];
  }
  return lanes[0];
}


INLINE vec v_dot_pairs(vec x, vec a, vec b) {
  EACH {
    const uint32x4_t p = vreinterpretq_u32_f32(a.q[i]), q = vreinterpretq_u32_f32(b.q[i]);
    const uint32x4_t mask = vdupq_n_u32(0xFFFF0000);
    x.q[i] = vfmaq_f32(x.q[i], vreinterpretq_f32_u32(vandq_u32(p, mask)), vreinterpretq_f32_u32(vandq_u32(q, mask)));
    x.q[i] = vfmaq_f32(x.q[i], vreinterpretq_f32_u32(vshlq_n_u32(p, 16)), vreinterpretq_f32_u32(vshlq_n_u32(q, 16)));
  }
  return x;
}
INLINE void v_store_bfloat(uint16_t *p, vec a) {
  EACH {
    const uint32x4_t bits = vreinterpretq_u32_f32(a.q[i]), odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    vst1_u16(p + 4 * i, vshrn_n_u32(vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7FFF)), odd), 16));
  }
}
INLINE vec v_add_exponent(vec a, vec t) {
  EACH {
    const uint32x4_t n = vshlq_n_u32(vreinterpretq_u32_f32(t.q[i]), 23);
    a.q[i] = vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(a.q[i]), n));
  }
  return a;
}

typedef struct {
  int32x4_t q[4];
} ivec;
typedef struct {
  uint8x16_t q[4];
} bytes;
typedef uint8x16_t quad;

/// Keys without their offset, values with one: then both factors are signed, or both unsigned.
INLINE bytes b_load_keys(const uint8_t *p) {
  bytes r;
  EACH r.q[i] = veorq_u8(vld1q_u8(p + 16 * i), vdupq_n_u8(0x80));
  return r;
}
INLINE bytes b_load_values(const uint8_t *p) { return b_load_keys(p); }
INLINE quad b_load_query(const uint8_t *p) {
  uint32_t four;
  memcpy(&four, p, 4);
  return vreinterpretq_u8_u32(vdupq_n_u32(four));
}
INLINE quad b_load_weights(const uint8_t *p) { return b_load_query(p); }
INLINE ivec i_key_start(int32_t start) {
  (void)start;
  ivec r;
  EACH r.q[i] = vdupq_n_s32(0);
  return r;
}
INLINE ivec i_value_start(const uint8_t *weights) {
  int32_t sum = 0;
  EACH sum += vaddlvq_u8(vld1q_u8(weights + 16 * i));
  ivec r;
  EACH r.q[i] = vdupq_n_s32(-128 * sum);
  return r;
}
INLINE ivec i_dot_keys(ivec x, bytes keys, quad query) {
  EACH x.q[i] = vdotq_s32(x.q[i], vreinterpretq_s8_u8(keys.q[i]), vreinterpretq_s8_u8(query));
  return x;
}
INLINE ivec i_dot_values(ivec x, bytes values, quad weights) {
  EACH x.q[i] = vreinterpretq_s32_u32(vdotq_u32(vreinterpretq_u32_s32(x.q[i]), values.q[i], weights));
  return x;
}
INLINE vec v_from_int(ivec x) {
  vec r;
  EACH r.q[i] = vcvtq_f32_s32(x.q[i]);
  return r;
}
INLINE void b_store_weights(uint8_t *p, const vec w[4]) {
  EACH {
    int16x4_t part[4];
    for (int j = 0; j < 4; j++) part[j] = vqmovn_s32(vcvtnq_s32_f32(w[i].q[j]));
    const int16x8_t low = vcombine_s16(part[0], part[1]), high = vcombine_s16(part[2], part[3]);
    vst1q_u8(p + 16 * i, vcombine_u8(vqmovun_s16(low), vqmovun_s16(high)));
  }
}

#endif
