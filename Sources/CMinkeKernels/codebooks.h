// The grids of the IQ types: which eight or four magnitudes an index in a stored block stands for.
//
// An entry has the elements' places among the grid's few values: eight of two bits, or four of three, the first one
// lowest. `codebooks.c` is written by Scripts/make-codebooks.py.
#ifndef MINKE_CODEBOOKS_H
#define MINKE_CODEBOOKS_H

#include <stdint.h>

/// Eight of −1, 0, 1: of IQ1_S and IQ1_M.
extern const uint16_t minke_grid_iq1[2048];

/// Eight of 8, 25, 43.
extern const uint16_t minke_grid_iq2_xxs[256];
extern const uint16_t minke_grid_iq2_xs[512];
extern const uint16_t minke_grid_iq2_s[1024];

/// Four of 4, 12, 20, 28, 36, 44, 52, 62.
extern const uint16_t minke_grid_iq3_xxs[256];

/// Four of 1, 3, 5 … 15.
extern const uint16_t minke_grid_iq3_s[512];

#endif
