// Stored rows as floats.
#include "dequantize_blocks.h"

#pragma STDC FP_CONTRACT OFF

/// One integer type: products and sums in the order of GGML's reference.
MINKE_INLINE void dequantize_blocks(enum minke_stored_type type, struct minke_layout layout, const uint8_t *row,
                                    size_t columns, float *out) {
  for (size_t block = 0; block < columns / 32; block++) {
    uint8_t codes[32];
    minke_stored_codes(type, row, block, codes);
    struct minke_block_scales scales = minke_stored_scales(type, row, block);
    float scale = layout.scales == MINKE_SCALES_BF16 ? minke_bfloat_to_float(scales.scale)
                                                     : minke_half_to_float(scales.scale);
    float minimum = minke_half_to_float(scales.minimum);
    scale *= minke_scale_factor(layout);
    minimum *= minke_scale_factor(layout);
    for (int i = 0; i < 32; i++) {
      int code = layout.book ? minke_books[layout.book][codes[i]] : codes[i] - layout.zero_point;
      float value = scale * (float)scales.sub_scale[i / 16] * (float)code;
      if (layout.minimum) value += minimum * (float)scales.sub_minimum[i / 16];
      out[32 * block + (size_t)i] = value;
    }
  }
}

bool minke_dequantize_row(uint32_t element_type, const void *row, size_t columns, float *out) {
  const uint8_t *bytes = row;
  minke_packed_format format;
  if (!minke_packed_format_for(element_type, &format)) return false;
  switch (element_type) {
    case MINKE_STORED_F32: memcpy(out, row, columns * sizeof(float)); return true;
    case MINKE_STORED_F16:
      for (size_t i = 0; i < columns; i++) out[i] = minke_half_to_float(minke_read_half(bytes + 2 * i));
      return true;
    case MINKE_STORED_BF16:
      for (size_t i = 0; i < columns; i++) out[i] = minke_bfloat_to_float(minke_read_half(bytes + 2 * i));
      return true;
#define INTEGER_TYPE(TYPE)                                                                               \
  case MINKE_STORED_##TYPE:                                                                              \
    dequantize_blocks(MINKE_STORED_##TYPE, minke_layout_of(format), bytes, columns, out);                \
    return true;
      MINKE_INTEGER_TYPES(INTEGER_TYPE)
    default: return false;
  }
}
