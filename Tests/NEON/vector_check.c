// Compares the vector operations and attention of every instruction set here with portable C, bit for bit.
// Written for NEON under an emulator, where the Swift tests do not run; it does the same work on x86-64.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minke_vector.h"

int vector_check(void);

typedef const minke_vector_kernels *kernels;

enum { LIMIT = 4096 };

static uint64_t random_state;

static uint64_t next_random(void) {  // SplitMix64 (Steele et al. 2014)
  uint64_t z = random_state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

static float uniform(float limit) { return ((float)(next_random() >> 40) * 0x1p-23f - 1) * limit; }

/// Numbers of every size, zeros, subnormals and infinities among them.
static void fill_any(float *x, size_t count) {
  static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, 0x1p-149f, -0x1p-133f, 0x1.fffffep127f,
                                  88.8f, -103.97f, 65519.9f, 65520.0f, -70000.0f, 6.1e-5f, 2.9e-8f, 0.625f};
  for (size_t i = 0; i < count; i++) {
    switch (next_random() % 4) {
      case 0: x[i] = special[next_random() % (sizeof special / sizeof *special)]; break;
      case 1: x[i] = uniform(110); break;
      default: x[i] = uniform(4);
    }
  }
}

static void fill(float *x, size_t count, float limit) {
  for (size_t i = 0; i < count; i++) x[i] = uniform(limit);
}

/// The number of the first element that differs, or −1. Any NaN equals any other.
static long difference(const float *x, const float *y, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (memcmp(x + i, y + i, sizeof *x) != 0 && !(isnan(x[i]) && isnan(y[i]))) return (long)i;
  }
  return -1;
}

static int failures, comparisons;

static void compare(const char *what, size_t size, const float *x, const float *y, size_t count) {
  const long at = difference(x, y, count);
  comparisons++;
  if (at < 0) return;
  if (failures++ < 20) printf("%s of %zu: element %ld is %a, expected %a\n", what, size, at, y[at], x[at]);
}

static void check_elementwise(kernels a, kernels b, size_t n) {
  static float x[LIMIT], y[LIMIT], p[LIMIT], q[LIMIT];
  fill_any(x, n);
  fill_any(y, n);
#define CHECK(name, ...)              \
  a->name(__VA_ARGS__(p), n);         \
  b->name(__VA_ARGS__(q), n);         \
  compare(#name, n, p, q, n);
#define XY(out) x, y, out
#define X(out) x, out
#define FACTOR(out) x, 1.7f, out
  CHECK(silu_multiply, XY)
  CHECK(gelu_multiply, XY)
  CHECK(sigmoid_multiply, XY)
  CHECK(add, XY)
  CHECK(scale, FACTOR)
  CHECK(soft_cap, FACTOR)
  memcpy(p, y, n * sizeof *p);
  memcpy(q, y, n * sizeof *q);
  CHECK(add_scaled, FACTOR)
  CHECK(exponential, X)
  CHECK(hyperbolic_tangent, X)
#undef XY
#undef X
#undef FACTOR
#undef CHECK
}

static void check_reductions(kernels a, kernels b, size_t n) {
  static float x[LIMIT], w[LIMIT], p[LIMIT], q[LIMIT];
  fill(x, n, 9);
  fill(w, n, 2);
  a->rms_norm(x, w, p, n, 1e-5f);
  b->rms_norm(x, w, q, n, 1e-5f);
  compare("rms_norm", n, p, q, n);
  a->softmax(x, p, n);
  b->softmax(x, q, n);
  compare("softmax", n, p, q, n);
  const float sums[2][2] = {{a->maximum(x, n), (float)a->log_sum_exp(x, n)},
                            {b->maximum(x, n), (float)b->log_sum_exp(x, n)}};
  compare("maximum and log_sum_exp", n, sums[0], sums[1], 2);
  const size_t even = n / 2 * 2;
  memcpy(p, x, n * sizeof *p);
  memcpy(q, x, n * sizeof *q);
  a->rotate_interleaved(p, w, x, even);
  b->rotate_interleaved(q, w, x, even);
  compare("rotate_interleaved", n, p, q, n);
  a->rotate_halves(p, w, x, even);
  b->rotate_halves(q, w, x, even);
  compare("rotate_halves", n, p, q, n);
}

typedef struct {
  size_t dim, group, rows, position, window;
  float soft_cap;
  minke_cache_element keys, values;
  size_t latent;  // numbers of a key that are its value; 0: values of their own
} attention_case;

static void *zeroed(size_t bytes) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, bytes + 64) != 0) abort();
  return memset(memory, 0, bytes);
}

/// A number that depends on every byte (FNV-1a).
static void hash(const uint8_t *bytes, size_t count, float *result) {
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < count; i++) h = (h ^ bytes[i]) * 16777619u;
  *result = (float)(h >> 8);
}

/// Stores keys and values and attends to them; in parts that are merged when asked to.
///
/// Blocks lie from the last to the first; memory is filled with `byte` before.
static float *attend(kernels k, const attention_case *c, int in_parts, int byte, float *stored) {
  random_state = c->dim * 1000 + c->position;
  const size_t value_offset = minke_key_bytes(c->dim, c->keys);
  const size_t stride = value_offset + (c->latent ? 0 : minke_value_bytes(c->dim, c->values));
  const size_t total = c->position + c->rows, queries = c->rows * c->group;
  const size_t block_count = (total + 63) / 64;
  uint8_t *cache = memset(zeroed(block_count * stride), byte, block_count * stride);
  int32_t *blocks = zeroed(block_count * sizeof *blocks);
  for (size_t i = 0; i < block_count; i++) blocks[i] = (int32_t)(block_count - 1 - i);
  for (size_t p = 0; p < total; p++) {
    float key[576], value[576];
    fill(key, c->dim, 2);
    fill(value, c->dim, p % 7 ? 2 : 1e-3f);
    if (p % 11 == 5) memset(value, 0, sizeof value);
    uint8_t *block = cache + (size_t)blocks[p / 64] * stride;
    k->store_key(key, block, p % 64, c->dim, c->keys);
    if (!c->latent) k->store_value(value, block + value_offset, p % 64, c->dim, c->values);
  }
  hash(cache, block_count * stride, stored);
  float *query = zeroed(queries * c->dim * sizeof(float)), *out = zeroed(queries * c->dim * sizeof(float));
  fill(query, queries * c->dim, 2);
  const size_t chunks = (total + MINKE_KV_CHUNK - 1) / MINKE_KV_CHUNK;
  float *scratch = zeroed(minke_attention_scratch_count(c->dim) * sizeof(float));
  float *partials = zeroed(chunks * minke_attention_partial_count(c->dim) * sizeof(float));
  for (size_t first = 0; first < queries; first += MINKE_QUERY_TILE) {
    const size_t left = queries - first;
    const minke_attention call = {
        .queries = query, .query_stride = c->group * c->dim, .output = out, .output_stride = c->group * c->dim,
        .group = c->group, .head_dim = c->dim,
        .value_dim = c->latent ? c->latent : c->dim, .first_query = first,
        .query_count = left < MINKE_QUERY_TILE ? left : MINKE_QUERY_TILE, .position = c->position,
        .window = c->window, .scale = 0.125f, .soft_cap = c->soft_cap, .cache = cache, .blocks = blocks,
        .block_stride = stride, .value_offset = c->latent ? 0 : value_offset, .key_element = c->keys,
        .value_element = c->values,
        .first_chunk = 0, .end_chunk = chunks, .scratch = scratch, .partials = in_parts ? partials : NULL,
    };
    k->attention(&call);
    if (in_parts) k->attention_merge(&call, partials, chunks);
  }
  free(cache);
  free(blocks);
  free(query);
  free(scratch);
  free(partials);
  return out;
}

static void check_attention_case(kernels a, kernels b, const attention_case *c) {
  float stored[3];
  float *whole = attend(a, c, 0, 0, stored), *found = attend(b, c, 0, 0, stored + 1);
  // What lies where nothing has been stored, here NaN, must not matter.
  float *parts = attend(b, c, 1, 0xFF, stored + 2);
  compare("stored keys and values", c->dim, stored, stored + 1, 1);
  compare("attention", c->dim, whole, found, c->rows * c->group * c->dim);
  compare("merged attention", c->dim, whole, parts, c->rows * c->group * c->dim);
  free(whole);
  free(found);
  free(parts);
}

static void check_attention(kernels a, kernels b) {
  static const attention_case cases[] = {
      {16, 1, 1, 0, 0, 0, 0, 0, 0},     {50, 3, 40, 100, 0, 0, 0, 0, 0},   {64, 3, 20, 600, 0, 0, 0, 0, 0},
      {64, 7, 1, 1100, 0, 0, 0, 0, 0},  {80, 2, 9, 600, 300, 30, 0, 0, 0}, {128, 6, 3, 511, 64, 0, 0, 0, 0},
      {256, 4, 5, 63, 0, 50, 0, 0, 0},  {33, 5, 2, 70, 20, 0, 0, 0, 0},    {7, 11, 4, 3, 0, 0, 0, 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int pair = 0; pair < 16; pair++) {
      attention_case c = cases[i];
      c.keys = (minke_cache_element)(pair / 4);
      c.values = (minke_cache_element)(pair % 4);
      check_attention_case(a, b, &c);
    }
  }
  static const attention_case latents[] = {
      {48, 4, 3, 70, 0, 0, 0, 0, 32}, {576, 30, 1, 600, 0, 0, 0, 0, 512}, {20, 3, 5, 60, 0, 0, 0, 0, 13},
  };
  for (size_t i = 0; i < sizeof latents / sizeof *latents; i++) {
    for (int element = 0; element < 4; element++) {
      attention_case c = latents[i];
      c.keys = c.values = (minke_cache_element)element;
      check_attention_case(a, b, &c);
    }
  }
  // Blocks that are full in part.
  for (size_t position = 0; position < 130; position++) {
    for (int element = 0; element < 4; element++) {
      const attention_case c = {36, 3, 1, position, 0, 0, (minke_cache_element)element, (minke_cache_element)element, 0};
      check_attention_case(a, b, &c);
    }
  }
}

/// Two batches, one after the other, to one state.
static void check_linear_attention(kernels a, kernels b, size_t dim) {
  enum { ROWS = 5 };
  const size_t stride = 3 * dim;
  static float input[ROWS * 3 * 160], states[2][160 * 160], out[2][ROWS * 160];
  fill(input, ROWS * stride, 1);
  memset(states, 0, sizeof states);
  for (int i = 0; i < 2; i++) {
    for (size_t row = 0; row < ROWS; row += 3) {
      const minke_linear_attention call = {
          .queries = input + row * stride, .keys = input + row * stride + dim, .values = input + row * stride + 2 * dim,
          .stride = stride, .output = out[i] + row * dim, .output_stride = dim, .rows = row ? ROWS - 3 : 3, .dim = dim,
          .decay = 0.9f, .state = states[i],
      };
      (i ? b : a)->linear_attention(&call);
    }
  }
  compare("linear attention", dim, out[0], out[1], ROWS * dim);
  compare("states of linear attention", dim, states[0], states[1], dim * dim);
}

static void check(kernels portable, kernels other, const char *name) {
  const int before = comparisons;
  random_state = 1;
  for (size_t n = 1; n <= 140; n++) {
    check_elementwise(portable, other, n);
    check_reductions(portable, other, n);
  }
  static const size_t sizes[] = {576, 896, 1536, 4001};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_reductions(portable, other, sizes[i]);
  check_attention(portable, other);
  static const size_t dims[] = {1, 7, 16, 20, 64, 83, 128};
  for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) check_linear_attention(portable, other, dims[i]);
  printf("vector operations, %s: %d comparisons with portable C, %d differ\n", name, comparisons - before, failures);
}

/// Prints what was compared; returns the number of differences.
int vector_check(void) {
  kernels portable = minke_vector_at(MINKE_CPU_PORTABLE);
  for (int level = MINKE_CPU_PORTABLE + 1; level <= MINKE_CPU_NEON; level++) {
    kernels other = minke_vector_at((minke_cpu_level)level);
    if (portable && other) check(portable, other, minke_cpu_level_name((minke_cpu_level)level));
  }
#if defined(__x86_64__)
  // Where there are products of bfloat16 pairs, level AVX-512 uses them; it gives the same bits without.
  if (minke_cpu_has_bf16()) check(portable, minke_vector_without_bf16(), "avx512 without bf16");
#endif
  return failures;
}
