// Quantisation of weights: float rows to the stored block types, with the least weighted squared error that the search
// finds. Slower and closer than what activations need.
#ifndef MINKE_QUANTIZE_H
#define MINKE_QUANTIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "minke_cpu.h"

#pragma clang assume_nonnull begin

/// Whether every value is a number of at most `limit` in magnitude.
bool minke_weights_are_within(const float *values, size_t count, float limit);

/// Writes a row as blocks of an element type, by GGML's number: the same bytes on every instruction set.
///
/// No value's magnitude is above that of the largest half, for F32 and BF16 the largest float. `importance` has a weight for each column's squared error, finite and not negative; none: all
/// alike. `columns` is a whole number of blocks.
/// Returns false, and writes nothing, for a type there is no quantiser for.
bool minke_quantize_row(minke_cpu_level level, uint32_t element_type, const float *row,
                        const float *_Nullable importance, size_t columns, void *out);

#pragma clang assume_nonnull end

#endif
