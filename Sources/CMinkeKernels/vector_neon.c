#include "minke_vector.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#include "vector_lanes_neon.h"

#include "vector_ops.inc.h"
#include "attention.inc.h"
#include "linear_attention.inc.h"

#define TABLE minke_vector_neon
#define LEVEL MINKE_CPU_NEON
#include "vector_table.inc.h"

#pragma clang attribute pop

#endif
