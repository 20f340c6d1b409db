// Linear attention with a decay (Lightning Attention, arXiv:2401.04658), once for all instruction sets, in its recurrent
// form: the same bits however a sequence is cut into batches. Included after `vector_ops.inc.h`.

/// Columns of the state that are held in registers while the rows of a batch pass by: four vectors.
#define STATE_COLUMNS 64

/// One row: `sum` becomes Σ over elements of the query, in their order.
INLINE void attend_columns(const minke_linear_attention *call, size_t row, size_t column, const int vectors) {
  const float *query = call->queries + row * call->stride, *key = call->keys + row * call->stride;
  const float *value = call->values + row * call->stride + column;
  const vec decay = v_set(call->decay);
  vec v[4], sum[4];
  UNROLL for (int i = 0; i < vectors; i++) {
    v[i] = v_load(value + 16 * i);
    sum[i] = v_set(0);
  }
  for (size_t k = 0; k < call->dim; k++) {
    float *state = call->state + k * call->dim + column;
    const vec x = v_set(key[k]), q = v_set(query[k]);
    UNROLL for (int i = 0; i < vectors; i++) {
      const vec s = v_fma(x, v[i], v_mul(v_load(state + 16 * i), decay));
      v_store(state + 16 * i, s);
      sum[i] = v_fma(q, s, sum[i]);
    }
  }
  UNROLL for (int i = 0; i < vectors; i++) v_store(call->output + row * call->output_stride + column + 16 * i, sum[i]);
}

/// The same for columns that are no whole vector.
INLINE void attend_column(const minke_linear_attention *call, size_t row, size_t column) {
  const float *query = call->queries + row * call->stride, *key = call->keys + row * call->stride;
  const float value = call->values[row * call->stride + column];
  float sum = 0;
  for (size_t k = 0; k < call->dim; k++) {
    float *state = call->state + k * call->dim + column;
    *state = __builtin_fmaf(key[k], value, *state * call->decay);
    sum = __builtin_fmaf(query[k], *state, sum);
  }
  call->output[row * call->output_stride + column] = sum;
}

static void linear_attention(const minke_linear_attention *call) {
  size_t column = 0;
  for (; column + STATE_COLUMNS <= call->dim; column += STATE_COLUMNS)
    for (size_t row = 0; row < call->rows; row++) attend_columns(call, row, column, 4);
  for (; column + 16 <= call->dim; column += 16)
    for (size_t row = 0; row < call->rows; row++) attend_columns(call, row, column, 1);
  for (; column < call->dim; column++)
    for (size_t row = 0; row < call->rows; row++) attend_column(call, row, column);
}

#undef STATE_COLUMNS
