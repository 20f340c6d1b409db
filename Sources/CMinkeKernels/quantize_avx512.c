#include "quantize_rows.h"

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)

#define QUANTIZE_ROW minke_quantize_row_avx512
#include "quantize_rows.inc.h"

#pragma clang attribute pop

#endif
