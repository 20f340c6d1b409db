// The numeric kernels of Minke behind dispatch tables chosen at run time.
#ifndef C_MINKE_KERNELS_H
#define C_MINKE_KERNELS_H

#include "minke_cpu.h"
#include "minke_matmul.h"
#include "minke_probe.h"
#include "minke_quantize.h"
#include "minke_vector.h"

#endif
