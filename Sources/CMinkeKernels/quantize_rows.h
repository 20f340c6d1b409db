// Quantisation of rows to block types, one function an instruction set.
#ifndef MINKE_QUANTIZE_ROWS_H
#define MINKE_QUANTIZE_ROWS_H

#include <math.h>

#include "dequantize_blocks.h"
#include "minke_quantize.h"
#include "vector_half.h"

typedef bool quantize_row_function(uint32_t element_type, const float *row, const float *importance, size_t columns,
                                   void *out);

quantize_row_function minke_quantize_row_portable;
#if defined(__x86_64__)
quantize_row_function minke_quantize_row_avx2, minke_quantize_row_avx512;
#endif

#endif
