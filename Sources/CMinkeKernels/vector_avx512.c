#include "minke_vector.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c"))), apply_to = function)

#include "vector_lanes_avx512.h"

#include "vector_ops.inc.h"
#include "attention.inc.h"
#include "linear_attention.inc.h"

#define TABLE minke_vector_avx512
#define LEVEL MINKE_CPU_AVX512
#include "vector_table.inc.h"

#pragma clang attribute pop

#endif
