// The block encodings of GGML as they lie in files, and their decoding into codes and scales.
//
// Source: the GGML type definitions, and the `gguf` package's dequantisation, which fixes the values.
// Fields are byte arrays: blocks in a file are not aligned.
#ifndef MINKE_STORED_BLOCKS_H
#define MINKE_STORED_BLOCKS_H

#include <string.h>

#include "codebooks.h"
#include "matmul_layout.h"

/// The numbers of the element types.
enum minke_stored_type {
  MINKE_STORED_F32 = 0,
  MINKE_STORED_F16 = 1,
  MINKE_STORED_Q4_0 = 2,
  MINKE_STORED_Q4_1 = 3,
  MINKE_STORED_Q5_0 = 6,
  MINKE_STORED_Q5_1 = 7,
  MINKE_STORED_Q8_0 = 8,
  MINKE_STORED_Q2_K = 10,
  MINKE_STORED_Q3_K = 11,
  MINKE_STORED_Q4_K = 12,
  MINKE_STORED_Q5_K = 13,
  MINKE_STORED_Q6_K = 14,
  MINKE_STORED_IQ2_XXS = 16,
  MINKE_STORED_IQ2_XS = 17,
  MINKE_STORED_IQ3_XXS = 18,
  MINKE_STORED_IQ1_S = 19,
  MINKE_STORED_IQ4_NL = 20,
  MINKE_STORED_IQ3_S = 21,
  MINKE_STORED_IQ2_S = 22,
  MINKE_STORED_IQ4_XS = 23,
  MINKE_STORED_IQ1_M = 29,
  MINKE_STORED_BF16 = 30,
  MINKE_STORED_TQ1_0 = 34,
  MINKE_STORED_TQ2_0 = 35,
  MINKE_STORED_MXFP4 = 39,
};

/// The integer types, for instantiating one function for each.
#define MINKE_INTEGER_TYPES(X)                                                                                    \
  X(Q4_0) X(Q4_1) X(Q5_0) X(Q5_1) X(Q8_0) X(Q2_K) X(Q3_K) X(Q4_K) X(Q5_K) X(Q6_K) X(IQ4_NL) X(IQ4_XS) X(IQ1_S) X(IQ1_M) \
  X(IQ2_XXS) X(IQ2_XS) X(IQ2_S) X(IQ3_XXS) X(IQ3_S) X(TQ1_0) X(TQ2_0) X(MXFP4)

typedef struct { uint8_t d[2], codes[16]; } stored_q4_0;  // also IQ4_NL
typedef struct { uint8_t d[2], m[2], codes[16]; } stored_q4_1;
typedef struct { uint8_t d[2], high[4], codes[16]; } stored_q5_0;
typedef struct { uint8_t d[2], m[2], high[4], codes[16]; } stored_q5_1;
typedef struct { uint8_t d[2], codes[32]; } stored_q8_0;
typedef struct { uint8_t scales[16], codes[64], d[2], dmin[2]; } stored_q2_k;
typedef struct { uint8_t high[32], codes[64], scales[12], d[2]; } stored_q3_k;
typedef struct { uint8_t d[2], dmin[2], scales[12], codes[128]; } stored_q4_k;
typedef struct { uint8_t d[2], dmin[2], scales[12], high[32], codes[128]; } stored_q5_k;
typedef struct { uint8_t low[128], high[64], scales[16], d[2]; } stored_q6_k;
typedef struct { uint8_t d[2], scales_high[2], scales_low[4], codes[128]; } stored_iq4_xs;
typedef struct { uint8_t d[2], grid[32], high[16]; } stored_iq1_s;  // high: 4 × 3 bits of grids, scale, shift
typedef struct { uint8_t grid[32], high[16], scales[8]; } stored_iq1_m;  // d is the highest bits of the scales
typedef struct { uint8_t d[2], words[8][8]; } stored_iq2_xxs;  // for 32: 4 grids, 4 × 7 bits of signs, scale
typedef struct { uint8_t d[2], grid[64], scales[8]; } stored_iq2_xs;  // 9 bits of grid, 7 of signs
typedef struct { uint8_t d[2], grid[32], signs[32], high[8], scales[8]; } stored_iq2_s;
typedef struct { uint8_t d[2], grid[64], signs[8][4]; } stored_iq3_xxs;  // signs for 32: 4 × 7 bits, scale
typedef struct { uint8_t d[2], grid[64], high[8], signs[32], scales[4]; } stored_iq3_s;
typedef struct { uint8_t codes[48], last[4], d[2]; } stored_tq1_0;
typedef struct { uint8_t codes[64], d[2]; } stored_tq2_0;
typedef struct { uint8_t exponent, codes[16]; } stored_mxfp4;

_Static_assert(sizeof(stored_q4_0) == 18 && sizeof(stored_q4_1) == 20, "stored block sizes");
_Static_assert(sizeof(stored_q5_0) == 22 && sizeof(stored_q5_1) == 24, "stored block sizes");
_Static_assert(sizeof(stored_q8_0) == 34 && sizeof(stored_q2_k) == 84, "stored block sizes");
_Static_assert(sizeof(stored_q3_k) == 110 && sizeof(stored_q4_k) == 144, "stored block sizes");
_Static_assert(sizeof(stored_q5_k) == 176 && sizeof(stored_q6_k) == 210, "stored block sizes");
_Static_assert(sizeof(stored_iq4_xs) == 136 && sizeof(stored_mxfp4) == 17, "stored block sizes");
_Static_assert(sizeof(stored_iq1_s) == 50 && sizeof(stored_iq1_m) == 56, "stored block sizes");
_Static_assert(sizeof(stored_iq2_xxs) == 66 && sizeof(stored_iq2_xs) == 74, "stored block sizes");
_Static_assert(sizeof(stored_iq2_s) == 82 && sizeof(stored_iq3_xxs) == 98, "stored block sizes");
_Static_assert(sizeof(stored_iq3_s) == 110 && sizeof(stored_tq1_0) == 54, "stored block sizes");
_Static_assert(sizeof(stored_tq2_0) == 66, "stored block sizes");

/// The scales of 32 elements: value = scale · sub_scale[half] · (code − zero point) + minimum · sub_minimum[half], or
/// what the code's place in the codebook has, for code − zero point; scale and minimum are divided by the layout's power.
struct minke_block_scales {
  uint16_t scale, minimum;  // halves (a bfloat16 where the layout says so); the minimum of K types is already negated
  int8_t sub_scale[2], sub_minimum[2];
};

MINKE_INLINE uint16_t minke_read_half(const uint8_t *bytes) {
  uint16_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/// Codes whose low nibbles are the first half of the block and high nibbles the second.
MINKE_INLINE void minke_split_nibbles(const uint8_t *in, uint8_t *out) {
  for (int i = 0; i < 16; i++) {
    out[i] = in[i] & 15;
    out[i + 16] = in[i] >> 4;
  }
}

/// Adds bit i of a little-endian 32-bit mask to code i, as bit 4.
MINKE_INLINE void minke_add_fifth_bits(const uint8_t *high, uint8_t *out) {
  for (int i = 0; i < 32; i++) out[i] |= (uint8_t)(((high[i >> 3] >> (i & 7)) & 1) << 4);
}

MINKE_INLINE uint32_t minke_read_word(const uint8_t *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

/// Eight fields of `width` bits, the first one lowest, as bytes.
MINKE_INLINE uint64_t minke_spread(uint64_t fields, int width) {
  const uint64_t fours = (1ull << 4 * width) - 1, twos = (1ull << 2 * width) - 1, ones = (1ull << width) - 1;
  fields = (fields | fields << (32 - 4 * width)) & (fours * 0x0000000100000001);
  fields = (fields | fields << (16 - 2 * width)) & (twos * 0x0001000100010001);
  return (fields | fields << (8 - width)) & (ones * 0x0101010101010101);
}

/// Eight codes: magnitudes of `width` bits under a bit for the sign.
MINKE_INLINE void minke_signed_codes(uint64_t magnitudes, int width, uint64_t signs, uint8_t *out) {
  // Every byte gets all signs and keeps its own; adding 127 brings that to the highest bit.
  const uint64_t own = signs * 0x0101010101010101 & 0x8040201008040201;
  const uint64_t high = (own + 0x7f7f7f7f7f7f7f7f) & 0x8080808080808080;
  const uint64_t codes = minke_spread(magnitudes, width) | high >> (7 - width);
  memcpy(out, &codes, sizeof codes);
}

/// Four bytes of eight signs, of which the lowest seven are given: the number of signs in a byte is even.
MINKE_INLINE uint32_t minke_even_signs(uint32_t sevens) {
  uint32_t odd = sevens ^ sevens >> 4;
  odd ^= odd >> 2;
  odd ^= odd >> 1;
  return sevens | (odd & 0x01010101) << 7;
}

/// The signs of 32 elements from a word whose lowest 28 bits are four times seven.
MINKE_INLINE uint32_t minke_word_signs(uint32_t word) {
  return minke_even_signs((word & 127) | (word & 127 << 7) << 1 | (word & 127 << 14) << 2 | (word & 127 << 21) << 3);
}

/// The ternary digit `place` of a byte, which holds five as a fraction of 256, the first one highest.
MINKE_INLINE uint8_t minke_ternary_digit(uint8_t byte, size_t place) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  return (uint8_t)((uint8_t)(byte * powers[place]) * 3 >> 8);
}

/// The codes of the 32 elements at block `index` of a row, unsigned, as the packed format of the type has them.
MINKE_INLINE void minke_stored_codes(enum minke_stored_type type, const uint8_t *row, size_t index, uint8_t *out) {
  size_t super = index / 8, sub = index % 8, half = sub / 4;
  switch (type) {
    case MINKE_STORED_Q4_0:
    case MINKE_STORED_IQ4_NL: minke_split_nibbles(((const stored_q4_0 *)row)[index].codes, out); return;
    case MINKE_STORED_Q4_1: minke_split_nibbles(((const stored_q4_1 *)row)[index].codes, out); return;
    case MINKE_STORED_Q5_0:
      minke_split_nibbles(((const stored_q5_0 *)row)[index].codes, out);
      minke_add_fifth_bits(((const stored_q5_0 *)row)[index].high, out);
      return;
    case MINKE_STORED_Q5_1:
      minke_split_nibbles(((const stored_q5_1 *)row)[index].codes, out);
      minke_add_fifth_bits(((const stored_q5_1 *)row)[index].high, out);
      return;
    case MINKE_STORED_Q8_0: {
      const stored_q8_0 *block = (const stored_q8_0 *)row + index;
      for (int i = 0; i < 32; i++) out[i] = block->codes[i] ^ 0x80;
      return;
    }
    case MINKE_STORED_Q2_K: {
      const stored_q2_k *block = (const stored_q2_k *)row + super;
      for (int i = 0; i < 32; i++) out[i] = (block->codes[half * 32 + i] >> (2 * (sub & 3))) & 3;
      return;
    }
    case MINKE_STORED_Q3_K: {
      const stored_q3_k *block = (const stored_q3_k *)row + super;
      for (int i = 0; i < 32; i++) {
        uint8_t low = (block->codes[half * 32 + i] >> (2 * (sub & 3))) & 3;
        out[i] = low | (uint8_t)(((block->high[i] >> sub) & 1) << 2);
      }
      return;
    }
    case MINKE_STORED_Q4_K: {
      const stored_q4_k *block = (const stored_q4_k *)row + super;
      for (int i = 0; i < 32; i++) out[i] = (block->codes[sub / 2 * 32 + i] >> (4 * (sub & 1))) & 15;
      return;
    }
    case MINKE_STORED_Q5_K: {
      const stored_q5_k *block = (const stored_q5_k *)row + super;
      for (int i = 0; i < 32; i++) {
        uint8_t low = (block->codes[sub / 2 * 32 + i] >> (4 * (sub & 1))) & 15;
        out[i] = low | (uint8_t)(((block->high[i] >> sub) & 1) << 4);
      }
      return;
    }
    case MINKE_STORED_Q6_K: {
      const stored_q6_k *block = (const stored_q6_k *)row + super;
      for (int i = 0; i < 32; i++) {
        uint8_t low = (block->low[half * 64 + (sub & 1) * 32 + i] >> (sub & 2 ? 4 : 0)) & 15;
        out[i] = low | (uint8_t)(((block->high[half * 32 + i] >> (2 * (sub & 3))) & 3) << 4);
      }
      return;
    }
    case MINKE_STORED_IQ4_XS: minke_split_nibbles(((const stored_iq4_xs *)row)[super].codes + 16 * sub, out); return;
    case MINKE_STORED_IQ1_S: {
      const stored_iq1_s *block = (const stored_iq1_s *)row + super;
      const uint32_t high = minke_read_half(block->high + 2 * sub);
      for (int i = 0; i < 4; i++) {
        const uint64_t codes = minke_spread(minke_grid_iq1[block->grid[4 * sub + i] | (high >> 3 * i & 7) << 8], 2);
        memcpy(out + 8 * i, &codes, sizeof codes);
      }
      return;
    }
    case MINKE_STORED_IQ1_M: {
      const stored_iq1_m *block = (const stored_iq1_m *)row + super;
      for (int i = 0; i < 4; i++) {
        const uint32_t high = block->high[2 * sub + i / 2] >> 4 * (i % 2);
        const uint32_t shifts = high & 8 ? 255 : 0;
        minke_signed_codes(minke_grid_iq1[block->grid[4 * sub + i] | (high & 7) << 8], 2, shifts, out + 8 * i);
      }
      return;
    }
    case MINKE_STORED_IQ2_XXS: {
      const uint8_t *words = ((const stored_iq2_xxs *)row)[super].words[sub];
      const uint32_t signs = minke_word_signs(minke_read_word(words + 4));
      for (int i = 0; i < 4; i++)
        minke_signed_codes(minke_grid_iq2_xxs[words[i]], 2, signs >> 8 * i & 255, out + 8 * i);
      return;
    }
    case MINKE_STORED_IQ2_XS: {
      const uint8_t *grid = ((const stored_iq2_xs *)row)[super].grid + 8 * sub;
      uint32_t signs = 0;
      for (int i = 0; i < 4; i++) signs |= (uint32_t)(grid[2 * i + 1] >> 1) << 8 * i;
      signs = minke_even_signs(signs);
      for (int i = 0; i < 4; i++)
        minke_signed_codes(minke_grid_iq2_xs[minke_read_half(grid + 2 * i) & 511], 2, signs >> 8 * i & 255, out + 8 * i);
      return;
    }
    case MINKE_STORED_IQ2_S: {
      const stored_iq2_s *block = (const stored_iq2_s *)row + super;
      for (int i = 0; i < 4; i++) {
        const uint32_t place = block->grid[4 * sub + i] | (uint32_t)(block->high[sub] >> 2 * i & 3) << 8;
        minke_signed_codes(minke_grid_iq2_s[place], 2, block->signs[4 * sub + i], out + 8 * i);
      }
      return;
    }
    case MINKE_STORED_IQ3_XXS: {
      const stored_iq3_xxs *block = (const stored_iq3_xxs *)row + super;
      const uint8_t *grid = block->grid + 8 * sub;
      const uint32_t signs = minke_word_signs(minke_read_word(block->signs[sub]));
      for (int i = 0; i < 4; i++) {
        const uint32_t magnitudes =
            minke_grid_iq3_xxs[grid[2 * i]] | (uint32_t)minke_grid_iq3_xxs[grid[2 * i + 1]] << 12;
        minke_signed_codes(magnitudes, 3, signs >> 8 * i & 255, out + 8 * i);
      }
      return;
    }
    case MINKE_STORED_IQ3_S: {
      const stored_iq3_s *block = (const stored_iq3_s *)row + super;
      const uint8_t *grid = block->grid + 8 * sub;
      const uint32_t high = block->high[sub];
      for (int i = 0; i < 4; i++) {
        const uint32_t first = grid[2 * i] | (high >> 2 * i & 1) << 8;
        const uint32_t last = grid[2 * i + 1] | (high >> (2 * i + 1) & 1) << 8;
        const uint32_t magnitudes = minke_grid_iq3_s[first] | (uint32_t)minke_grid_iq3_s[last] << 12;
        minke_signed_codes(magnitudes, 3, block->signs[4 * sub + i], out + 8 * i);
      }
      return;
    }
    case MINKE_STORED_TQ1_0: {
      // 32 bytes have elements 0…159, then 16 bytes 160…239, then 4 bytes 240…255; a byte's are 32, 16 or 4 apart.
      const stored_tq1_0 *block = (const stored_tq1_0 *)row + super;
      if (sub < 5) {
        for (int i = 0; i < 32; i++) out[i] = minke_ternary_digit(block->codes[i], sub);
        return;
      }
      for (int i = 0; i < 16; i++) {
        out[i] = minke_ternary_digit(block->codes[32 + i], 2 * sub - 10);
        out[i + 16] = sub < 7 ? minke_ternary_digit(block->codes[32 + i], 2 * sub - 9)
                              : minke_ternary_digit(block->last[i % 4], (size_t)i / 4);
      }
      return;
    }
    case MINKE_STORED_TQ2_0: {
      const stored_tq2_0 *block = (const stored_tq2_0 *)row + super;
      for (int i = 0; i < 32; i++) out[i] = (block->codes[half * 32 + i] >> (2 * (sub & 3))) & 3;
      return;
    }
    case MINKE_STORED_MXFP4: minke_split_nibbles(((const stored_mxfp4 *)row)[index].codes, out); return;
    default: return;
  }
}

/// The six-bit scale and minimum of sub-block `sub` as Q4_K and Q5_K pack them in twelve bytes.
MINKE_INLINE void minke_q4_k_scales(const uint8_t *packed, size_t sub, struct minke_block_scales *out) {
  uint8_t scale, minimum;
  if (sub < 4) {
    scale = packed[sub] & 63;
    minimum = packed[sub + 4] & 63;
  } else {
    scale = (packed[sub + 4] & 15) | (uint8_t)((packed[sub - 4] >> 6) << 4);
    minimum = (uint8_t)((packed[sub + 4] >> 4) | ((packed[sub] >> 6) << 4));
  }
  out->sub_scale[0] = out->sub_scale[1] = (int8_t)scale;
  out->sub_minimum[0] = out->sub_minimum[1] = (int8_t)minimum;
}

/// The six-bit signed scale of sixteen-element group `group` of a Q3_K block.
MINKE_INLINE int8_t minke_q3_k_scale(const uint8_t *packed, size_t group) {
  uint8_t low = (packed[group & 7] >> (group < 8 ? 0 : 4)) & 15;
  uint8_t high = (packed[8 + (group & 3)] >> (2 * (group / 4))) & 3;
  return (int8_t)((low | high << 4) - 32);
}

/// The half that IQ1_M keeps in the highest four bits of each of its four words of scales.
MINKE_INLINE uint16_t minke_iq1_m_scale(const uint8_t *scales) {
  uint32_t half = 0;
  for (int i = 0; i < 4; i++) half |= (uint32_t)(scales[2 * i + 1] >> 4) << 4 * i;
  return (uint16_t)half;
}

/// Sets the scales of 16 elements, of which a nibble each is stored: 1, 3, 5 … 31.
MINKE_INLINE void minke_odd_scales(uint8_t first, uint8_t last, struct minke_block_scales *out) {
  out->sub_scale[0] = (int8_t)(2 * (first & 15) + 1);
  out->sub_scale[1] = (int8_t)(2 * (last & 15) + 1);
}

/// The scales of block `index` of a row.
MINKE_INLINE struct minke_block_scales minke_stored_scales(enum minke_stored_type type, const uint8_t *row,
                                                           size_t index) {
  struct minke_block_scales out = {.sub_scale = {1, 1}, .sub_minimum = {1, 1}};
  size_t super = index / 8, sub = index % 8;
  switch (type) {
    case MINKE_STORED_Q4_0:
    case MINKE_STORED_IQ4_NL: out.scale = minke_read_half(((const stored_q4_0 *)row)[index].d); break;
    case MINKE_STORED_Q4_1:
      out.scale = minke_read_half(((const stored_q4_1 *)row)[index].d);
      out.minimum = minke_read_half(((const stored_q4_1 *)row)[index].m);
      break;
    case MINKE_STORED_Q5_0: out.scale = minke_read_half(((const stored_q5_0 *)row)[index].d); break;
    case MINKE_STORED_Q5_1:
      out.scale = minke_read_half(((const stored_q5_1 *)row)[index].d);
      out.minimum = minke_read_half(((const stored_q5_1 *)row)[index].m);
      break;
    case MINKE_STORED_Q8_0: out.scale = minke_read_half(((const stored_q8_0 *)row)[index].d); break;
    case MINKE_STORED_Q2_K: {
      const stored_q2_k *block = (const stored_q2_k *)row + super;
      out.scale = minke_read_half(block->d);
      out.minimum = minke_read_half(block->dmin) ^ 0x8000;
      for (int h = 0; h < 2; h++) {
        out.sub_scale[h] = block->scales[2 * sub + h] & 15;
        out.sub_minimum[h] = (int8_t)(block->scales[2 * sub + h] >> 4);
      }
      break;
    }
    case MINKE_STORED_Q3_K: {
      const stored_q3_k *block = (const stored_q3_k *)row + super;
      out.scale = minke_read_half(block->d);
      for (int h = 0; h < 2; h++) out.sub_scale[h] = minke_q3_k_scale(block->scales, 2 * sub + h);
      break;
    }
    case MINKE_STORED_Q4_K: {
      const stored_q4_k *block = (const stored_q4_k *)row + super;
      out.scale = minke_read_half(block->d);
      out.minimum = minke_read_half(block->dmin) ^ 0x8000;
      minke_q4_k_scales(block->scales, sub, &out);
      break;
    }
    case MINKE_STORED_Q5_K: {
      const stored_q5_k *block = (const stored_q5_k *)row + super;
      out.scale = minke_read_half(block->d);
      out.minimum = minke_read_half(block->dmin) ^ 0x8000;
      minke_q4_k_scales(block->scales, sub, &out);
      break;
    }
    case MINKE_STORED_Q6_K: {
      const stored_q6_k *block = (const stored_q6_k *)row + super;
      out.scale = minke_read_half(block->d);
      for (int h = 0; h < 2; h++) out.sub_scale[h] = (int8_t)block->scales[2 * sub + h];
      break;
    }
    case MINKE_STORED_IQ4_XS: {
      const stored_iq4_xs *block = (const stored_iq4_xs *)row + super;
      out.scale = minke_read_half(block->d);
      uint8_t low = (block->scales_low[sub / 2] >> (4 * (sub & 1))) & 15;
      uint8_t high = (minke_read_half(block->scales_high) >> (2 * sub)) & 3;
      out.sub_scale[0] = out.sub_scale[1] = (int8_t)((low | high << 4) - 32);
      break;
    }
    case MINKE_STORED_IQ1_S: {
      // Scale and minimum are eighths of d, so the scale is eight times the minimum: code · s ± s / 8.
      const stored_iq1_s *block = (const stored_iq1_s *)row + super;
      const uint32_t high = minke_read_half(block->high + 2 * sub);
      const int scale = 2 * (int)(high >> 12 & 7) + 1;
      out.scale = out.minimum = minke_read_half(block->d);
      out.sub_scale[0] = out.sub_scale[1] = (int8_t)(8 * scale);
      out.sub_minimum[0] = out.sub_minimum[1] = (int8_t)(high & 0x8000 ? -scale : scale);
      break;
    }
    case MINKE_STORED_IQ1_M: {
      const stored_iq1_m *block = (const stored_iq1_m *)row + super;
      out.scale = minke_iq1_m_scale(block->scales);
      const uint32_t scales = (uint32_t)minke_read_half(block->scales + sub / 2 * 2) >> 6 * (sub & 1);
      minke_odd_scales(scales & 7, scales >> 3 & 7, &out);
      break;
    }
    case MINKE_STORED_IQ2_XXS: {
      const stored_iq2_xxs *block = (const stored_iq2_xxs *)row + super;
      out.scale = minke_read_half(block->d);
      minke_odd_scales(block->words[sub][7] >> 4, block->words[sub][7] >> 4, &out);
      break;
    }
    case MINKE_STORED_IQ2_XS: {
      const stored_iq2_xs *block = (const stored_iq2_xs *)row + super;
      out.scale = minke_read_half(block->d);
      minke_odd_scales(block->scales[sub], block->scales[sub] >> 4, &out);
      break;
    }
    case MINKE_STORED_IQ2_S: {
      const stored_iq2_s *block = (const stored_iq2_s *)row + super;
      out.scale = minke_read_half(block->d);
      minke_odd_scales(block->scales[sub], block->scales[sub] >> 4, &out);
      break;
    }
    case MINKE_STORED_IQ3_XXS: {
      const stored_iq3_xxs *block = (const stored_iq3_xxs *)row + super;
      out.scale = minke_read_half(block->d);
      minke_odd_scales(block->signs[sub][3] >> 4, block->signs[sub][3] >> 4, &out);
      break;
    }
    case MINKE_STORED_IQ3_S: {
      const stored_iq3_s *block = (const stored_iq3_s *)row + super;
      const uint8_t scale = block->scales[sub / 2] >> 4 * (sub & 1);
      out.scale = minke_read_half(block->d);
      minke_odd_scales(scale, scale, &out);
      break;
    }
    case MINKE_STORED_TQ1_0: out.scale = minke_read_half(((const stored_tq1_0 *)row)[super].d); break;
    case MINKE_STORED_TQ2_0: out.scale = minke_read_half(((const stored_tq2_0 *)row)[super].d); break;
    case MINKE_STORED_MXFP4: {
      // 2^(exponent − 128), half of what the exponent says, since the codebook has twice the floats of four bits.
      const uint32_t exponent = ((const stored_mxfp4 *)row)[index].exponent;
      out.scale = (uint16_t)(exponent < 2 ? 0x20 << exponent : (exponent - 1) << 7);
      break;
    }
    default: break;
  }
  return out;
}

#endif
