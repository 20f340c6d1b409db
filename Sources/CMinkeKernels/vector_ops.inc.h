// The element-wise operations and reductions, once for all instruction sets. Included by one file an
// instruction set, after its lanes.

// Contraction would let compilers fuse what other instruction sets round twice.
#pragma STDC FP_CONTRACT OFF

/// Runs BODY for each sixteen elements of [0, count), then for the rest. LOAD and STORE work on either.
#define FOR_LANES(count, BODY)                                \
  do {                                                        \
    size_t i = 0;                                             \
    for (; i + 16 <= (count); i += 16) BODY(v_load, v_store)  \
    const size_t rest = (count) - i;                          \
    if (rest) BODY(LOAD_REST, STORE_REST)                     \
  } while (0)
#define LOAD_REST(pointer) v_load_first(pointer, rest)
#define STORE_REST(pointer, value) v_store_first(pointer, value, rest)

// MARK: Exponential

/// e^x: x = n·ln 2 + r, e^r = 1 + r + r²·q(r), a minimax polynomial of degree 6 (relative error 8e-9
/// before rounding), scaled by 2^n. Within 1.06 ulp of all floats; NaN stays NaN.
INLINE vec v_exp(vec x) {
  const vec magic = v_set(0x1.8p23f);  // adding it rounds to an integer
  x = v_max(v_set(-104.0f), v_min(v_set(89.0f), x));
  const vec n = v_sub(v_fma(x, v_set(0x1.715476p0f), magic), magic);
  vec r = v_fma(n, v_set(-0x1.62e4p-1f), x);       // ln 2 = 0x1.62e4p-1 (exact times n) + rest
  r = v_fma(n, v_set(-0x1.7f7d1cp-20f), r);
  vec q = v_set(0x1.6d1606p-10f);
  q = v_fma(q, r, v_set(0x1.12106cp-7f));
  q = v_fma(q, r, v_set(0x1.555516p-5f));
  q = v_fma(q, r, v_set(0x1.5554d8p-3f));
  q = v_fma(q, r, v_set(0.5f));
  q = v_fma(v_mul(r, r), q, r);
  return v_scale_by_power(v_add(v_set(1), q), n);
}

/// tanh x: an odd minimax polynomial below 0.625, 1 − 2 / (e^2x + 1) above. Within 1.34 ulp of all floats.
INLINE vec v_tanh(vec x) {
  const vec magnitude = v_abs(x), square = v_mul(x, x);
  vec p = v_set(-0.006096714f);
  p = v_fma(p, square, v_set(0.02099718f));
  p = v_fma(p, square, v_set(-0.053850908f));
  p = v_fma(p, square, v_set(0.1333277f));
  p = v_fma(p, square, v_set(-0.33333328f));
  const vec small = v_fma(v_mul(p, square), x, x);
  const vec e = v_exp(v_add(magnitude, magnitude));
  const vec large = v_sub(v_set(1), v_div(v_set(2), v_add(e, v_set(1))));
  return v_where_less(magnitude, v_set(0.625f), small, v_copy_sign(large, x));
}

/// x · sigmoid(y)
INLINE vec v_multiply_sigmoid(vec x, vec y) {
  return v_div(x, v_add(v_set(1), v_exp(v_negate(y))));
}

static void exponential(const float *x, float *out, size_t count) {
#define BODY(LOAD, STORE) { STORE(out + i, v_exp(LOAD(x + i))); }
  FOR_LANES(count, BODY);
#undef BODY
}

static void hyperbolic_tangent(const float *x, float *out, size_t count) {
#define BODY(LOAD, STORE) { STORE(out + i, v_tanh(LOAD(x + i))); }
  FOR_LANES(count, BODY);
#undef BODY
}

// MARK: Element-wise

static void silu_multiply(const float *gate, const float *up, float *out, size_t count) {
#define BODY(LOAD, STORE)                                                 \
  {                                                                       \
    const vec g = LOAD(gate + i);                                         \
    STORE(out + i, v_mul(v_multiply_sigmoid(g, g), LOAD(up + i)));        \
  }
  FOR_LANES(count, BODY);
#undef BODY
}

/// gelu(x) = x/2 · (1 + tanh u) = x · sigmoid(2u), u = √(2/π) (x + 0.044715 x³).
static void gelu_multiply(const float *gate, const float *up, float *out, size_t count) {
  const vec cubic = v_set(0.044715f), twice_root = v_set(1.5957691216f);
#define BODY(LOAD, STORE)                                                       \
  {                                                                             \
    const vec g = LOAD(gate + i);                                               \
    const vec u = v_mul(twice_root, v_fma(v_mul(cubic, g), v_mul(g, g), g));    \
    STORE(out + i, v_mul(v_multiply_sigmoid(g, u), LOAD(up + i)));              \
  }
  FOR_LANES(count, BODY);
#undef BODY
}

static void sigmoid_multiply(const float *gate, const float *up, float *out, size_t count) {
#define BODY(LOAD, STORE) { STORE(out + i, v_multiply_sigmoid(LOAD(up + i), LOAD(gate + i))); }
  FOR_LANES(count, BODY);
#undef BODY
}

static void add(const float *x, const float *y, float *out, size_t count) {
#define BODY(LOAD, STORE) { STORE(out + i, v_add(LOAD(x + i), LOAD(y + i))); }
  FOR_LANES(count, BODY);
#undef BODY
}

static void scale(const float *x, float factor, float *out, size_t count) {
  const vec f = v_set(factor);
#define BODY(LOAD, STORE) { STORE(out + i, v_mul(LOAD(x + i), f)); }
  FOR_LANES(count, BODY);
#undef BODY
}

static void add_scaled(const float *x, float factor, float *out, size_t count) {
  const vec f = v_set(factor);
#define BODY(LOAD, STORE) { STORE(out + i, v_fma(LOAD(x + i), f, LOAD(out + i))); }
  FOR_LANES(count, BODY);
#undef BODY
}

INLINE vec v_soft_cap(vec x, vec cap) { return v_mul(cap, v_tanh(v_div(x, cap))); }

static void soft_cap(const float *x, float cap, float *out, size_t count) {
  const vec c = v_set(cap);
#define BODY(LOAD, STORE) { STORE(out + i, v_soft_cap(LOAD(x + i), c)); }
  FOR_LANES(count, BODY);
#undef BODY
}

// MARK: Root mean square norm

INLINE float sum_of_squares(const float *x, size_t count) {
  vec sum[4] = {v_set(0), v_set(0), v_set(0), v_set(0)};
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    for (int j = 0; j < 4; j++) {
      const vec a = v_load(x + i + 16 * j);
      sum[j] = v_fma(a, a, sum[j]);
    }
  }
  for (int j = 0; i < count; i += 16, j++) {
    const vec a = i + 16 <= count ? v_load(x + i) : v_load_first(x + i, count - i);
    sum[j] = v_fma(a, a, sum[j]);
  }
  return v_sum(v_add(v_add(sum[0], sum[1]), v_add(sum[2], sum[3])));
}

static void rms_norm(const float *x, const float *weight, float *out, size_t count, float epsilon) {
  const float mean = sum_of_squares(x, count) / (float)count;
  const vec factor = v_set(1.0f / __builtin_sqrtf(mean + epsilon));
  if (!weight) {
#define BODY(LOAD, STORE) { STORE(out + i, v_mul(LOAD(x + i), factor)); }
    FOR_LANES(count, BODY);
#undef BODY
    return;
  }
#define BODY(LOAD, STORE) { STORE(out + i, v_mul(v_mul(LOAD(x + i), factor), LOAD(weight + i))); }
  FOR_LANES(count, BODY);
#undef BODY
}

// MARK: Rotary embedding

static void rotate_interleaved(float *x, const float *cosines, const float *sines, size_t count) {
#define BODY(LOAD, STORE)                                                                     \
  {                                                                                           \
    const vec a = LOAD(x + i);                                                                \
    STORE(x + i, v_fma(a, LOAD(cosines + i), v_mul(v_swap_pairs(a), LOAD(sines + i))));       \
  }
  FOR_LANES(count, BODY);
#undef BODY
}

static void rotate_halves(float *x, const float *cosines, const float *sines, size_t count) {
  float *first = x, *second = x + count / 2;
#define BODY(LOAD, STORE)                                                       \
  {                                                                             \
    const vec a = LOAD(first + i), b = LOAD(second + i);                        \
    const vec c = LOAD(cosines + i), s = LOAD(sines + i);                       \
    STORE(first + i, v_fma(a, c, v_negate(v_mul(b, s))));                       \
    STORE(second + i, v_fma(b, c, v_mul(a, s)));                                \
  }
  FOR_LANES(count / 2, BODY);
#undef BODY
}

// MARK: Softmax

static float maximum(const float *x, size_t count) {
  const vec lowest = v_set(-__builtin_inff());
  vec largest[2] = {lowest, lowest};
  size_t i = 0;
  for (; i + 32 <= count; i += 32) {
    largest[0] = v_max(v_load(x + i), largest[0]);
    largest[1] = v_max(v_load(x + i + 16), largest[1]);
  }
  for (int j = 0; i < count; i += 16, j++) {
    const size_t rest = count - i < 16 ? count - i : 16;
    const vec a = rest == 16 ? v_load(x + i) : v_load_first(x + i, rest);
    largest[j] = v_max(v_where_lanes(0, (int)rest, a, lowest), largest[j]);
  }
  return v_largest(v_max(largest[0], largest[1]));
}

static void softmax(const float *x, float *out, size_t count) {
  const vec largest = v_set(maximum(x, count));
  vec sum = v_set(0);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const vec e = v_exp(v_sub(v_load(x + i), largest));
    v_store(out + i, e);
    sum = v_add(sum, e);
  }
  if (i < count) {
    const size_t rest = count - i;
    const vec e = v_exp(v_sub(v_load_first(x + i, rest), largest));
    v_store_first(out + i, e, rest);
    sum = v_add(sum, v_where_lanes(0, (int)rest, e, v_set(0)));
  }
  scale(out, 1.0f / v_sum(sum), out, count);
}

static double log_sum_exp(const float *x, size_t count) {
  const float largest = maximum(x, count);
  double sum[16] = {0};
  for (size_t i = 0; i < count; i += 16) {
    const size_t rest = count - i < 16 ? count - i : 16;
    const vec a = rest == 16 ? v_load(x + i) : v_load_first(x + i, rest);
    float lanes[16];
    v_store(lanes, v_exp(v_sub(a, v_set(largest))));
    for (size_t j = 0; j < rest; j++) sum[j] += (double)lanes[j];
  }
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) sum[i] += sum[i + width];
  }
  return (double)largest + __builtin_log(sum[0]);
}
