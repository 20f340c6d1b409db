// Products of packed weights and activations: choice of kernels, order of work, bias and accumulation.
#include "matmul_kernels.h"

static const struct minke_matmul_table *table_for(minke_cpu_level level) {
  switch (level) {
#if defined(__x86_64__)
    case MINKE_CPU_AVX2: return &minke_matmul_avx2;
    case MINKE_CPU_AVX512: return &minke_matmul_avx512;
#elif defined(__aarch64__)
    case MINKE_CPU_NEON: return &minke_matmul_neon;
#endif
    default: return &minke_matmul_portable;
  }
}

void minke_quantize(minke_cpu_level level, const float *input, size_t first, size_t count,
                    minke_activation_block *blocks, size_t stride) {
  table_for(level)->quantize(input + first * MINKE_BLOCK_DEPTH, count, blocks + first * stride, stride);
}

/// Adds a product's bias, if it has one, to the sums of a panel.
static void add_bias(const minke_product *product, size_t panel, size_t tokens, float *sums) {
  if (!product->bias) return;
  const size_t first = panel * MINKE_PANEL_ROWS, rest = product->rows - first;
  const size_t count = rest < MINKE_PANEL_ROWS ? rest : MINKE_PANEL_ROWS;
  for (size_t token = 0; token < tokens; token++)
    for (size_t row = 0; row < count; row++) sums[token * MINKE_PANEL_ROWS + row] += product->bias[first + row];
}

/// A group of tokens: which, how many, and where their quantised activations begin.
struct group {
  size_t token, count;
  const minke_activation_block *blocks;
};

static struct group group_at(const minke_product *product, size_t index) {
  const size_t token = index * MINKE_TOKEN_GROUP, rest = product->tokens - token;
  const minke_activation_block *blocks =
      product->blocks ? product->blocks + token * (product->depth / MINKE_BLOCK_DEPTH) : NULL;
  return (struct group){token, rest < MINKE_TOKEN_GROUP ? rest : MINKE_TOKEN_GROUP, blocks};
}

/// A panel times a group: `sums` gets [tokens][32 rows].
static void multiply_panel(const struct minke_matmul_table *table, const minke_product *product, const uint8_t *panel,
                           struct group group, float *sums) {
  if (minke_format_is_integer(product->format)) {
    table->integer[product->format](panel, group.blocks, product->depth / MINKE_BLOCK_DEPTH, group.count, sums);
  } else {
    table->floats[product->format](panel, product->input + group.token * product->input_stride, product->input_stride,
                                   product->depth, group.count, sums);
  }
}

void minke_multiply(minke_cpu_level level, const minke_product *product, size_t first_panel, size_t last_panel,
                    size_t first_group, size_t last_group) {
  const struct minke_matmul_table *table = table_for(level);
  const size_t panel_bytes = minke_panel_bytes(product->format, product->depth);
  _Alignas(64) float sums[MINKE_TOKEN_GROUP * MINKE_PANEL_ROWS];

  for (size_t panel = first_panel; panel < last_panel; panel++) {
    const uint8_t *weights = product->panels + panel * panel_bytes;
    for (size_t index = first_group; index < last_group; index++) {
      const struct group group = group_at(product, index);
      multiply_panel(table, product, weights, group, sums);
      table->store(product, panel, group.token, group.count, sums);
    }
  }
}

void minke_multiply_gated(minke_cpu_level level, const minke_gated_product *gated, size_t first_panel,
                          size_t last_panel, size_t first_group, size_t last_group) {
  const struct minke_matmul_table *table = table_for(level);
  const minke_product *gate = &gated->gate, *up = &gated->up;
  const size_t gate_bytes = minke_panel_bytes(gate->format, gate->depth);
  const size_t up_bytes = minke_panel_bytes(up->format, up->depth);
  const size_t panel_count = (gate->rows + MINKE_PANEL_ROWS - 1) / MINKE_PANEL_ROWS;
  _Alignas(64) float gates[MINKE_TOKEN_GROUP * MINKE_PANEL_ROWS], ups[MINKE_TOKEN_GROUP * MINKE_PANEL_ROWS];

  for (size_t panel = first_panel; panel < last_panel; panel++) {
    const uint8_t *gate_panel = gate->panels + panel * gate_bytes, *up_panel = up->panels + panel * up_bytes;
    for (size_t index = first_group; index < last_group; index++) {
      const struct group group = group_at(gate, index);
      multiply_panel(table, gate, gate_panel, group, gates);
      multiply_panel(table, up, up_panel, group, ups);
      add_bias(gate, panel, group.count, gates);
      add_bias(up, panel, group.count, ups);
      gated->activate(gates, ups, gates, group.count * MINKE_PANEL_ROWS);
      if (gated->blocks)
        table->quantize(gates, group.count, gated->blocks + group.token * panel_count + panel * group.count, 1);
      if (gated->output) {
        const minke_product result = {.rows = gate->rows, .output = gated->output, .output_stride = gated->output_stride};
        table->store(&result, panel, group.token, group.count, gates);
      }
    }
  }
}
