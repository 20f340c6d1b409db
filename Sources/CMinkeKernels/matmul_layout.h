// How the packed integer formats differ, and where the parts of a panel lie.
//
// A panel of 32 rows is a stream of code blocks, each 32 rows × 32 depth:
//
//   code planes   a k4-group is [32 rows][4 depth], 128 codes; a block has 8 of them.
//                 4-bit plane, 512 bytes: byte j of pair p holds group 2p's code j low and group 2p+1's high.
//                 2-bit plane, 256 bytes: byte j of quad q holds groups 4q…4q+3, the first one lowest.
//                 1-bit plane, 128 bytes: byte j holds groups 0…7, the first one lowest.
//                 8-bit plane, 1024 bytes.
//   f16 formats   then f16 scales [32 rows], then f16 minimums [32 rows] if there are minimums.
//   super formats have, before every 8 blocks, a header: f16 scales [32], negated f16 minimum scales [32] if there
//                 are minimums, then the integer scales of the 8 blocks, then the integer minimums.
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
  MINKE_CODES_BOOK,  // 4-bit plane of indices into the codebook of the IQ4 types
};

/// Where a block's scale comes from.
enum minke_scales {
  MINKE_SCALES_F16,       // f16 for 32 elements
  MINKE_SCALES_SUPER_32,  // int8 for 32 elements × f16 for 256
  MINKE_SCALES_SUPER_16,  // int8 for 16 elements × f16 for 256
  MINKE_SCALES_NIBBLES,   // 4-bit scale (low) and minimum (high) for 16 elements × f16 each for 256
};

/// One packed integer format.
struct minke_layout {
  enum minke_codes codes;
  enum minke_scales scales;
  int zero_point;
  bool minimum;
};

/// The formats as kernels are instantiated: X(NAME, codes, scales, zero point, minimum).
#define MINKE_INTEGER_FORMATS(X)                                             \
  X(4_SYMMETRIC, MINKE_CODES_4, MINKE_SCALES_F16, 8, false)                  \
  X(4_AFFINE, MINKE_CODES_4, MINKE_SCALES_F16, 0, true)                      \
  X(5_SYMMETRIC, MINKE_CODES_5, MINKE_SCALES_F16, 16, false)                 \
  X(5_AFFINE, MINKE_CODES_5, MINKE_SCALES_F16, 0, true)                      \
  X(8_SYMMETRIC, MINKE_CODES_8, MINKE_SCALES_F16, 128, false)                \
  X(4_CODEBOOK, MINKE_CODES_BOOK, MINKE_SCALES_F16, 128, false)              \
  X(SUPER_2_AFFINE, MINKE_CODES_2, MINKE_SCALES_NIBBLES, 0, true)            \
  X(SUPER_3_SYMMETRIC, MINKE_CODES_3, MINKE_SCALES_SUPER_16, 4, false)       \
  X(SUPER_4_AFFINE, MINKE_CODES_4, MINKE_SCALES_SUPER_32, 0, true)           \
  X(SUPER_5_AFFINE, MINKE_CODES_5, MINKE_SCALES_SUPER_32, 0, true)           \
  X(SUPER_6_SYMMETRIC, MINKE_CODES_6, MINKE_SCALES_SUPER_16, 32, false)      \
  X(SUPER_4_CODEBOOK, MINKE_CODES_BOOK, MINKE_SCALES_SUPER_32, 128, false)

/// The codebook of IQ4_NL and IQ4_XS, plus 128: an unsigned code whose zero point is 128.
#define MINKE_CODEBOOK {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241}

MINKE_INLINE size_t minke_code_bytes(enum minke_codes codes) {
  switch (codes) {
    case MINKE_CODES_2: return 256;
    case MINKE_CODES_3: return 256 + 128;
    case MINKE_CODES_4:
    case MINKE_CODES_BOOK: return 512;
    case MINKE_CODES_5: return 512 + 128;
    case MINKE_CODES_6: return 512 + 256;
    case MINKE_CODES_8: return 1024;
  }
}

/// Whether the two halves of a block's depth have scales of their own.
MINKE_INLINE bool minke_scales_halves(enum minke_scales scales) {
  return scales == MINKE_SCALES_SUPER_16 || scales == MINKE_SCALES_NIBBLES;
}

/// Bytes of scales behind the codes of every block.
MINKE_INLINE size_t minke_trailer_bytes(enum minke_scales scales, bool minimum) {
  if (scales != MINKE_SCALES_F16) return 0;
  return minimum ? 128 : 64;
}

/// Bytes of the header before every 8 blocks.
MINKE_INLINE size_t minke_header_bytes(enum minke_scales scales, bool minimum) {
  switch (scales) {
    case MINKE_SCALES_F16: return 0;
    case MINKE_SCALES_SUPER_32: return (64 + 8 * 32) * (minimum ? 2 : 1);
    case MINKE_SCALES_SUPER_16: return 64 + 8 * 64;
    case MINKE_SCALES_NIBBLES: return 128 + 8 * 64;
  }
}

/// Where block `index` of a super-block (0…7) has its integer scales, counted from the header.
MINKE_INLINE size_t minke_sub_scales(enum minke_scales scales, bool minimum, size_t index) {
  return (minimum ? 128 : 64) + index * (scales == MINKE_SCALES_SUPER_32 ? 32 : 64);
}

/// Where block `index` of a super-block has its integer minimums (only for MINKE_SCALES_SUPER_32).
MINKE_INLINE size_t minke_sub_minimums(size_t index) { return 128 + 8 * 32 + index * 32; }

MINKE_INLINE size_t minke_block_stride(enum minke_codes codes, enum minke_scales scales, bool minimum) {
  return minke_code_bytes(codes) + minke_trailer_bytes(scales, minimum);
}

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
