#include "minke_vector.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "vector_lanes_avx2.h"

#include "vector_ops.inc.h"
#include "attention.inc.h"
#include "linear_attention.inc.h"

#define TABLE minke_vector_avx2
#define LEVEL MINKE_CPU_AVX2
#include "vector_table.inc.h"

#pragma clang attribute pop

#endif
