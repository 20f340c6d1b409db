// The table of packed formats.
#include "matmul_layout.h"

#include "dequantize_blocks.h"

static const struct minke_layout layouts[MINKE_PACKED_FORMAT_COUNT] = {
#define LAYOUT(NAME, ...) [MINKE_PACKED_##NAME] = {__VA_ARGS__},
    MINKE_INTEGER_FORMATS(LAYOUT)};

struct minke_layout minke_layout_of(minke_packed_format format) { return layouts[format]; }

bool minke_format_is_integer(minke_packed_format format) { return format > MINKE_PACKED_BF16; }

bool minke_packed_format_for(uint32_t element_type, minke_packed_format *format) {
  switch ((enum minke_stored_type)element_type) {
    case MINKE_STORED_F32: *format = MINKE_PACKED_F32; return true;
    case MINKE_STORED_F16: *format = MINKE_PACKED_F16; return true;
    case MINKE_STORED_BF16: *format = MINKE_PACKED_BF16; return true;
    case MINKE_STORED_Q4_0: *format = MINKE_PACKED_4_SYMMETRIC; return true;
    case MINKE_STORED_Q4_1: *format = MINKE_PACKED_4_AFFINE; return true;
    case MINKE_STORED_Q5_0: *format = MINKE_PACKED_5_SYMMETRIC; return true;
    case MINKE_STORED_Q5_1: *format = MINKE_PACKED_5_AFFINE; return true;
    case MINKE_STORED_Q8_0: *format = MINKE_PACKED_8_SYMMETRIC; return true;
    case MINKE_STORED_IQ4_NL: *format = MINKE_PACKED_4_CODEBOOK; return true;
    case MINKE_STORED_Q2_K: *format = MINKE_PACKED_SUPER_2_AFFINE; return true;
    case MINKE_STORED_Q3_K: *format = MINKE_PACKED_SUPER_3_SYMMETRIC; return true;
    case MINKE_STORED_Q4_K: *format = MINKE_PACKED_SUPER_4_AFFINE; return true;
    case MINKE_STORED_Q5_K: *format = MINKE_PACKED_SUPER_5_AFFINE; return true;
    case MINKE_STORED_Q6_K: *format = MINKE_PACKED_SUPER_6_SYMMETRIC; return true;
    case MINKE_STORED_IQ2_XXS: *format = MINKE_PACKED_SUPER_3_GRID_32; return true;
    case MINKE_STORED_IQ2_XS:
    case MINKE_STORED_IQ2_S: *format = MINKE_PACKED_SUPER_3_GRID_16; return true;
    case MINKE_STORED_IQ3_XXS: *format = MINKE_PACKED_SUPER_4_GRID; return true;
    case MINKE_STORED_IQ1_S: *format = MINKE_PACKED_SUPER_2_SHIFTED; return true;
    case MINKE_STORED_IQ3_S: *format = MINKE_PACKED_SUPER_4_ODD; return true;
    case MINKE_STORED_IQ4_XS: *format = MINKE_PACKED_SUPER_4_CODEBOOK; return true;
    case MINKE_STORED_IQ1_M: *format = MINKE_PACKED_SUPER_3_SHIFTED; return true;
    case MINKE_STORED_TQ1_0:
    case MINKE_STORED_TQ2_0: *format = MINKE_PACKED_SUPER_2_SYMMETRIC; return true;
    case MINKE_STORED_MXFP4: *format = MINKE_PACKED_4_FLOAT; return true;
  }
  return false;
}

size_t minke_panel_bytes(minke_packed_format format, size_t depth) {
  if (format == MINKE_PACKED_F32) return depth * 32 * 4;
  if (!minke_format_is_integer(format)) return depth * 32 * 2;
  struct minke_layout layout = layouts[format];
  size_t blocks = depth / 32;
  return blocks * minke_block_stride(layout) + blocks / 8 * minke_header_bytes(layout);
}
