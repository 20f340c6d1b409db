// Compares the matrix kernels of every instruction set here with the portable ones, bit for bit; those with float64
// sums over dequantised weights; and these with the goldens.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "minke_matmul.h"

int matmul_check(const char *goldens);

static uint64_t state = 88172645463325252u;

static uint32_t random_bits(void) {  // xorshift64
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 32);
}

static float random_float(void) { return (float)(int32_t)random_bits() * 0x1p-30f; }

struct stored_type {
  uint32_t number;
  const char *name;
  size_t block_elements, block_bytes;
  size_t halves[2];  // where a block has its f16 scales; SIZE_MAX for none
};

static const struct stored_type types[] = {
    {0, "F32", 1, 4, {SIZE_MAX, SIZE_MAX}},    {1, "F16", 1, 2, {SIZE_MAX, SIZE_MAX}},
    {30, "BF16", 1, 2, {SIZE_MAX, SIZE_MAX}},  {2, "Q4_0", 32, 18, {0, SIZE_MAX}},
    {3, "Q4_1", 32, 20, {0, 2}},               {6, "Q5_0", 32, 22, {0, SIZE_MAX}},
    {7, "Q5_1", 32, 24, {0, 2}},               {8, "Q8_0", 32, 34, {0, SIZE_MAX}},
    {10, "Q2_K", 256, 84, {80, 82}},           {11, "Q3_K", 256, 110, {108, SIZE_MAX}},
    {12, "Q4_K", 256, 144, {0, 2}},            {13, "Q5_K", 256, 176, {0, 2}},
    {14, "Q6_K", 256, 210, {208, SIZE_MAX}},   {20, "IQ4_NL", 32, 18, {0, SIZE_MAX}},
    {23, "IQ4_XS", 256, 136, {0, SIZE_MAX}},   {16, "IQ2_XXS", 256, 66, {0, SIZE_MAX}},
    {17, "IQ2_XS", 256, 74, {0, SIZE_MAX}},    {18, "IQ3_XXS", 256, 98, {0, SIZE_MAX}},
    {19, "IQ1_S", 256, 50, {0, SIZE_MAX}},     {21, "IQ3_S", 256, 110, {0, SIZE_MAX}},
    {22, "IQ2_S", 256, 82, {0, SIZE_MAX}},     {29, "IQ1_M", 256, 56, {SIZE_MAX, SIZE_MAX}},
    {34, "TQ1_0", 256, 54, {52, SIZE_MAX}},    {35, "TQ2_0", 256, 66, {64, SIZE_MAX}},
    {39, "MXFP4", 32, 17, {SIZE_MAX, SIZE_MAX}},
};

/// Random stored rows: any codes, scales that are finite halves of either sign.
static void fill(const struct stored_type *type, uint8_t *bytes, size_t blocks) {
  for (size_t block = 0; block < blocks; block++, bytes += type->block_bytes) {
    for (size_t i = 0; i < type->block_bytes; i++) bytes[i] = (uint8_t)random_bits();
    if (type->number == 0) {
      float value = random_float();
      memcpy(bytes, &value, 4);
    } else if (type->block_elements == 1) {
      bytes[1] &= 0xbf;  // below the largest exponents
    }
    for (int i = 0; i < 2; i++)
      if (type->halves[i] != SIZE_MAX) bytes[type->halves[i] + 1] = (uint8_t)((random_bits() & 0x83) | 0x20);
    if (type->number == 29)  // IQ1_M keeps the highest four bits of its half in the last byte
      bytes[55] = (uint8_t)((bytes[55] & 15) | (random_bits() & 0x80) | 0x20);
    if (type->number == 39) bytes[0] = (uint8_t)(100 + random_bits() % 16);  // an exponent
  }
}

/// Quantises as every level must.
static minke_activation_block *quantize(minke_cpu_level level, const float *input, size_t tokens, size_t depth) {
  size_t blocks = depth / 32;
  minke_activation_block *out = aligned_alloc(64, (tokens * blocks * sizeof *out + 63) / 64 * 64);
  for (size_t token = 0; token < tokens; token++) {
    size_t group = token / MINKE_TOKEN_GROUP * MINKE_TOKEN_GROUP;
    size_t width = tokens - group < MINKE_TOKEN_GROUP ? tokens - group : MINKE_TOKEN_GROUP;
    minke_quantize(level, input + token * depth, 0, blocks, out + group * blocks + token - group, width);
  }
  return out;
}

static int check_sums(const struct stored_type *type, const uint8_t *stored, const minke_product *product);

static int check(minke_cpu_level level, const struct stored_type *type, size_t rows, size_t depth, size_t tokens) {
  int failures = 0;
  size_t row_bytes = depth / type->block_elements * type->block_bytes;
  uint8_t *stored = malloc(rows * row_bytes);
  fill(type, stored, rows * depth / type->block_elements);
  minke_product product = {.rows = rows, .depth = depth, .tokens = tokens, .input_stride = depth, .output_stride = rows};
  minke_packed_format_for(type->number, &product.format);
  size_t panels = (rows + 31) / 32, panel_bytes = minke_panel_bytes(product.format, depth);
  uint8_t *packed = aligned_alloc(64, panels * panel_bytes);
  for (size_t i = 0; i < panels; i++)
    minke_pack_panel(type->number, stored + 32 * i * row_bytes, row_bytes, rows - 32 * i < 32 ? rows - 32 * i : 32,
                     depth, packed + i * panel_bytes);
  float *input = malloc(tokens * depth * sizeof(float)), *bias = malloc(rows * sizeof(float));
  for (size_t i = 0; i < tokens * depth; i++) input[i] = random_float() * (i / 32 % 5 ? 1.0f : 1e-3f);
  if (depth >= 64) memset(input + 32, 0, 32 * sizeof(float));
  for (size_t i = 0; i < rows; i++) bias[i] = random_float();
  product.panels = packed;
  product.input = input;
  product.bias = bias;

  float *outputs[2];
  minke_activation_block *blocks[2] = {NULL, NULL};
  for (int side = 0; side < 2; side++) {
    minke_cpu_level side_level = side ? level : MINKE_CPU_PORTABLE;
    outputs[side] = calloc(rows * tokens, sizeof(float));
    product.output = outputs[side];
    if (minke_format_is_integer(product.format))
      product.blocks = blocks[side] = quantize(side_level, input, tokens, depth);
    minke_multiply(side_level, &product, 0, panels, 0, (tokens + MINKE_TOKEN_GROUP - 1) / MINKE_TOKEN_GROUP);
    if (side == 0 && check_sums(type, stored, &product) != 0) failures |= 4;
  }
  if (blocks[0] && memcmp(blocks[0], blocks[1], tokens * (depth / 32) * sizeof *blocks[0]) != 0) failures = 1;
  if (memcmp(outputs[0], outputs[1], rows * tokens * sizeof(float)) != 0) failures |= 2;
  if (failures)
    printf("%s: %zu x %zu times %zu tokens:%s%s%s differ\n", type->name, rows, depth, tokens,
           failures & 1 ? " activations" : "", failures & 2 ? " products" : "", failures & 4 ? " sums" : "");
  for (int side = 0; side < 2; side++) {
    free(outputs[side]);
    free(blocks[side]);
  }
  free(stored);
  free(packed);
  free(input);
  free(bias);
  return failures != 0;
}

/// Rows of the portable kernels' product that are not what the dequantised weights say.
static int check_sums(const struct stored_type *type, const uint8_t *stored, const minke_product *product) {
  size_t row_bytes = product->depth / type->block_elements * type->block_bytes;
  float *weights = malloc(product->depth * sizeof(float));
  int failures = 0;
  for (size_t row = 0; row < product->rows; row++) {
    minke_dequantize_row(type->number, stored + row * row_bytes, product->depth, weights);
    double sum = product->bias[row], magnitude = fabs(sum);
    for (size_t k = 0; k < product->depth; k++) {
      double input = product->input[k];  // the first token's
      if (product->blocks) {
        size_t group = product->tokens < MINKE_TOKEN_GROUP ? product->tokens : MINKE_TOKEN_GROUP;
        const minke_activation_block *block = product->blocks + k / 32 * group;
        input = (double)block->codes[k % 32] * block->scale;
      }
      sum += weights[k] * input;
      magnitude += fabs(weights[k] * input);
    }
    if (!(fabs(product->output[row] - sum) <= 4e-6 * magnitude)) failures++;
  }
  free(weights);
  return failures;
}

/// Dequantises the golden blocks; `make_formats.py` describes the file.
static int check_goldens(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    printf("%s cannot be read\n", path);
    return 1;
  }
  int failures = 0;
  uint32_t head[3];
  while (fread(head, sizeof head, 1, file) == 1) {
    uint8_t *stored = malloc(head[2]);
    float *expected = malloc(head[1] * sizeof(float)), *found = malloc(head[1] * sizeof(float));
    bool read = fread(stored, head[2], 1, file) == 1 && fread(expected, sizeof(float), head[1], file) == head[1];
    bool same = read && minke_dequantize_row(head[0], stored, head[1], found);
    for (uint32_t i = 0; same && i < head[1]; i++) same = expected[i] == found[i];
    if (!same) {
      printf("dequantisation of type %u differs from the golden\n", head[0]);
      failures++;
    }
    free(stored);
    free(expected);
    free(found);
  }
  fclose(file);
  return failures;
}

/// The number of comparisons that fail.
int matmul_check(const char *goldens) {
  static const size_t depths[] = {32, 64, 96, 576, 896, 2080}, super_depths[] = {256, 768, 1792};
  static const size_t token_counts[] = {1, 2, 3, 4, 5, 8, 9, 31, 32, 33, 70};
  int failures = check_goldens(goldens), checks = 0;
  for (int level = MINKE_CPU_AVX2; level <= MINKE_CPU_NEON; level++) {
    if (!minke_cpu_supports((minke_cpu_level)level)) continue;
    printf("matrix products: level %s\n", minke_cpu_level_name((minke_cpu_level)level));
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
      bool super = types[t].block_elements == 256;
      for (size_t d = 0; d < (super ? sizeof super_depths : sizeof depths) / sizeof *depths; d++)
        for (size_t n = 0; n < sizeof token_counts / sizeof *token_counts; n++, checks++)
          failures += check((minke_cpu_level)level, &types[t], n % 2 ? 64 : 45, super ? super_depths[d] : depths[d],
                            token_counts[n]);
      if (types[t].block_elements == 1) failures += check((minke_cpu_level)level, &types[t], 33, 37, 3), checks++;
    }
  }
  printf("matrix products: %d comparisons, %d failures\n", checks, failures);
  return failures;
}
