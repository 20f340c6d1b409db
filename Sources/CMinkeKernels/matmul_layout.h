// How the packed integer formats differ, and where the parts of a panel lie.
//
// A panel of 32 rows is a stream of code blocks, each 32 rows × 32 depth:
//
//   code planes   a k4-group is [32 rows][4 depth], 128 codes; a block has 8 of them.
//                 4-bit plane, 512 bytes: byte j of pair p holds group 2p's code j low and group 2p+1's high.
//                 2-bit plane, 256 bytes: byte j of quad q holds groups 4q…4q+3, the first one lowest.
//                 1-bit plane, 128 bytes: byte j holds groups 0…7, the first one lowest.
//                 8-bit plane, 1024 bytes.
//   formats with a scale for 32 elements have scales of 16 bits [32 rows] then, and f16 minimums [32 rows] if there
//                 are minimums.
//   super formats have, before every 8 blocks, a header: f16 scales [32], f16 minimum scales [32] if there are minimums
//                 (K-quants' are negated), then the integer scales of the 8 blocks if there are any, then the integer
//                 minimums.
//
// Every part is a multiple of 64 bytes, except single blocks' integer scales (32 bytes).
#ifndef MINKE_LAYOUT_H
#define MINKE_LAYOUT_H

#include "minke_matmul.h"

#define MINKE_INLINE static inline __attribute__((always_inline))

/// Which code planes a block has.
enum minke_codes {
  MINKE_CODES_2,
  MINKE_CODES_3,  // 2-bit plane, then 1-bit plane for bit 2
  MINKE_CODES_4,
  MINKE_CODES_5,  // 4-bit plane, then 1-bit plane for bit 4
  MINKE_CODES_6,  // 4-bit plane, then 2-bit plane for bits 4 and 5
  MINKE_CODES_8,
};

/// What codes of three or four bits stand for, where not for themselves.
enum minke_book {
  MINKE_BOOK_NONE,
  MINKE_BOOK_IQ4,
  MINKE_BOOK_E2M1,     // twice the floats of four bits that MXFP4 has
  MINKE_BOOK_ODD,      // ±1, ±3 … ±15
  MINKE_BOOK_EIGHTS,   // ±4, ±12, ±20 … ±52, ±62
  MINKE_BOOK_IQ2,      // ±8, ±25, ±43
  MINKE_BOOK_SHIFTED,  // −1, 0 and 1, each plus or minus an eighth, in eighths
};

/// Where a block's scale comes from.
enum minke_scales {
  MINKE_SCALES_F16,       // f16 for 32 elements
  MINKE_SCALES_BF16,      // bf16 for 32 elements
  MINKE_SCALES_SUPER,     // f16 for 256 elements
  MINKE_SCALES_SUPER_32,  // int8 for 32 elements × f16 for 256
  MINKE_SCALES_SUPER_16,  // int8 for 16 elements × f16 for 256
  MINKE_SCALES_NIBBLES,   // 4-bit scale (low) and minimum (high) for 16 elements × f16 each for 256
};

/// One packed integer format.
struct minke_layout {
  enum minke_codes codes;
  enum minke_scales scales;
  enum minke_book book;
  /// The code that stands for 0, or what is added to a codebook's numbers where codes must not be negative: 0 or a power
  /// of two.
  int zero_point;
  bool minimum;
  /// Scales and minimums are the halves divided by 2^shift, which halves themselves could not always hold.
  int shift;
};

/// The formats as kernels are instantiated: X(NAME, members of the layout).
#define MINKE_INTEGER_FORMATS(X)                                                                                    \
  X(4_SYMMETRIC, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_F16, .zero_point = 8)                               \
  X(4_AFFINE, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_F16, .minimum = true)                                  \
  X(5_SYMMETRIC, .codes = MINKE_CODES_5, .scales = MINKE_SCALES_F16, .zero_point = 16)                              \
  X(5_AFFINE, .codes = MINKE_CODES_5, .scales = MINKE_SCALES_F16, .minimum = true)                                  \
  X(8_SYMMETRIC, .codes = MINKE_CODES_8, .scales = MINKE_SCALES_F16, .zero_point = 128)                             \
  X(4_CODEBOOK, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_F16, .book = MINKE_BOOK_IQ4, .zero_point = 128)      \
  X(SUPER_2_AFFINE, .codes = MINKE_CODES_2, .scales = MINKE_SCALES_NIBBLES, .minimum = true)                        \
  X(SUPER_3_SYMMETRIC, .codes = MINKE_CODES_3, .scales = MINKE_SCALES_SUPER_16, .zero_point = 4)                    \
  X(SUPER_4_AFFINE, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_SUPER_32, .minimum = true)                       \
  X(SUPER_5_AFFINE, .codes = MINKE_CODES_5, .scales = MINKE_SCALES_SUPER_32, .minimum = true)                       \
  X(SUPER_6_SYMMETRIC, .codes = MINKE_CODES_6, .scales = MINKE_SCALES_SUPER_16, .zero_point = 32)                   \
  X(SUPER_4_CODEBOOK, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_SUPER_32, .book = MINKE_BOOK_IQ4,              \
    .zero_point = 128)                                                                                              \
  X(4_FLOAT, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_BF16, .book = MINKE_BOOK_E2M1, .zero_point = 16)        \
  X(SUPER_2_SYMMETRIC, .codes = MINKE_CODES_2, .scales = MINKE_SCALES_SUPER, .zero_point = 1)                       \
  X(SUPER_2_SHIFTED, .codes = MINKE_CODES_2, .scales = MINKE_SCALES_SUPER_32, .zero_point = 1, .minimum = true,     \
    .shift = 3)                                                                                                     \
  X(SUPER_3_SHIFTED, .codes = MINKE_CODES_3, .scales = MINKE_SCALES_SUPER_16, .book = MINKE_BOOK_SHIFTED,           \
    .zero_point = 16, .shift = 3)                                                                                   \
  X(SUPER_3_GRID_32, .codes = MINKE_CODES_3, .scales = MINKE_SCALES_SUPER_32, .book = MINKE_BOOK_IQ2,               \
    .zero_point = 64, .shift = 3)                                                                                   \
  X(SUPER_3_GRID_16, .codes = MINKE_CODES_3, .scales = MINKE_SCALES_SUPER_16, .book = MINKE_BOOK_IQ2,               \
    .zero_point = 64, .shift = 3)                                                                                   \
  X(SUPER_4_GRID, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_SUPER_32, .book = MINKE_BOOK_EIGHTS,               \
    .zero_point = 64, .shift = 2)                                                                                   \
  X(SUPER_4_ODD, .codes = MINKE_CODES_4, .scales = MINKE_SCALES_SUPER_32, .book = MINKE_BOOK_ODD,                   \
    .zero_point = 16)

/// The codebooks, in units of the scale. Those of three bits stand twice; a place that no code has is 0.
static const int8_t minke_books[][16] __attribute__((unused)) = {
    [MINKE_BOOK_IQ4] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113},
    [MINKE_BOOK_E2M1] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12},
    [MINKE_BOOK_ODD] = {1, 3, 5, 7, 9, 11, 13, 15, -1, -3, -5, -7, -9, -11, -13, -15},
    [MINKE_BOOK_EIGHTS] = {4, 12, 20, 28, 36, 44, 52, 62, -4, -12, -20, -28, -36, -44, -52, -62},
    [MINKE_BOOK_IQ2] = {8, 25, 43, 0, -8, -25, -43, 0, 8, 25, 43, 0, -8, -25, -43, 0},
    [MINKE_BOOK_SHIFTED] = {-7, 1, 9, 0, -9, -1, 7, 0, -7, 1, 9, 0, -9, -1, 7, 0},
};

MINKE_INLINE size_t minke_code_bytes(enum minke_codes codes) {
  switch (codes) {
    case MINKE_CODES_2: return 256;
    case MINKE_CODES_3: return 256 + 128;
    case MINKE_CODES_4: return 512;
    case MINKE_CODES_5: return 512 + 128;
    case MINKE_CODES_6: return 512 + 256;
    case MINKE_CODES_8: return 1024;
  }
}

/// Whether the two halves of a block's depth have scales of their own.
MINKE_INLINE bool minke_scales_halves(struct minke_layout layout) {
  return layout.scales == MINKE_SCALES_SUPER_16 || layout.scales == MINKE_SCALES_NIBBLES;
}

/// Whether scales stand behind the codes of every block rather than in a header.
MINKE_INLINE bool minke_scales_trail(struct minke_layout layout) {
  return layout.scales == MINKE_SCALES_F16 || layout.scales == MINKE_SCALES_BF16;
}

/// Bytes of scales behind the codes of every block.
MINKE_INLINE size_t minke_trailer_bytes(struct minke_layout layout) {
  if (!minke_scales_trail(layout)) return 0;
  return layout.minimum ? 128 : 64;
}

/// Bytes of the header before every 8 blocks.
MINKE_INLINE size_t minke_header_bytes(struct minke_layout layout) {
  switch (layout.scales) {
    case MINKE_SCALES_F16:
    case MINKE_SCALES_BF16: return 0;
    case MINKE_SCALES_SUPER: return 64;
    case MINKE_SCALES_SUPER_32: return (64 + 8 * 32) * (layout.minimum ? 2 : 1);
    case MINKE_SCALES_SUPER_16: return 64 + 8 * 64;
    case MINKE_SCALES_NIBBLES: return 128 + 8 * 64;
  }
}

/// Where block `index` of a super-block (0…7) has its integer scales, counted from the header.
MINKE_INLINE size_t minke_sub_scales(struct minke_layout layout, size_t index) {
  return (layout.minimum ? 128 : 64) + index * (layout.scales == MINKE_SCALES_SUPER_32 ? 32 : 64);
}

/// Where block `index` of a super-block has its integer minimums (only for MINKE_SCALES_SUPER_32).
MINKE_INLINE size_t minke_sub_minimums(size_t index) { return 128 + 8 * 32 + index * 32; }

MINKE_INLINE size_t minke_block_stride(struct minke_layout layout) {
  return minke_code_bytes(layout.codes) + minke_trailer_bytes(layout);
}

/// What scales and minimums are multiplied by, exactly, when they become floats.
MINKE_INLINE float minke_scale_factor(struct minke_layout layout) { return 1.0f / (float)(1 << layout.shift); }

/// The layout of an integer format.
struct minke_layout minke_layout_of(minke_packed_format format);

/// An IEEE half as a float, exactly, without needing the processor's or the compiler's support for halves.
MINKE_INLINE float minke_half_to_float(uint16_t half) {
  uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13, bits;
  float value;
  __builtin_memcpy(&value, &magnitude, sizeof value);
  value *= 0x1p112f;  // the exponents' biases differ by 112; subnormal halves become normal floats
  __builtin_memcpy(&bits, &value, sizeof bits);
  if ((half & 0x7c00) == 0x7c00) bits = magnitude | 0x7f800000;  // infinity or NaN
  bits |= (uint32_t)(half & 0x8000) << 16;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

/// A bfloat16 as a float.
MINKE_INLINE float minke_bfloat_to_float(uint16_t bfloat) {
  uint32_t bits = (uint32_t)bfloat << 16;
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

#endif
