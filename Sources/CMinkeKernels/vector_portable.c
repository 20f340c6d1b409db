#include "minke_vector.h"
#include "vector_lanes_portable.h"

#include "vector_ops.inc.h"
#include "attention.inc.h"
#include "linear_attention.inc.h"

#define TABLE minke_vector_portable
#define LEVEL MINKE_CPU_PORTABLE
#include "vector_table.inc.h"
