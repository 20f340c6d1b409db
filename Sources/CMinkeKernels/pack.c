// Stored rows into packed panels.
#include "dequantize_blocks.h"

/// Codes of one block as packing handles them: 8 k4-groups of [32 rows][4 depth].
typedef uint8_t code_groups[8][128];

/// The codes of one block of up to 32 rows; missing rows have the code 0.
MINKE_INLINE void gather_codes(enum minke_stored_type type, const uint8_t *rows, size_t row_bytes, size_t row_count,
                               size_t block, code_groups groups) {
  for (size_t row = 0; row < row_count; row++) {
    uint8_t codes[32];
    minke_stored_codes(type, rows + row * row_bytes, block, codes);
    for (size_t group = 0; group < 8; group++) memcpy(&groups[group][4 * row], codes + 4 * group, 4);
  }
}

static void write_4_bits(const code_groups groups, uint8_t *plane) {
  for (int pair = 0; pair < 4; pair++)
    for (int i = 0; i < 128; i++)
      plane[128 * pair + i] = (groups[2 * pair][i] & 15) | (uint8_t)(groups[2 * pair + 1][i] << 4);
}

static void write_2_bits(const code_groups groups, int shift, uint8_t *plane) {
  for (int quad = 0; quad < 2; quad++)
    for (int i = 0; i < 128; i++) {
      uint8_t byte = 0;
      for (int j = 0; j < 4; j++) byte |= (uint8_t)(((groups[4 * quad + j][i] >> shift) & 3) << (2 * j));
      plane[128 * quad + i] = byte;
    }
}

static void write_1_bit(const code_groups groups, int shift, uint8_t *plane) {
  for (int i = 0; i < 128; i++) {
    uint8_t byte = 0;
    for (int j = 0; j < 8; j++) byte |= (uint8_t)(((groups[j][i] >> shift) & 1) << j);
    plane[i] = byte;
  }
}

MINKE_INLINE void write_codes(enum minke_codes codes, const code_groups groups, uint8_t *out) {
  switch (codes) {
    case MINKE_CODES_2: write_2_bits(groups, 0, out); return;
    case MINKE_CODES_3:
      write_2_bits(groups, 0, out);
      write_1_bit(groups, 2, out + 256);
      return;
    case MINKE_CODES_4: write_4_bits(groups, out); return;
    case MINKE_CODES_5:
      write_4_bits(groups, out);
      write_1_bit(groups, 4, out + 512);
      return;
    case MINKE_CODES_6:
      write_4_bits(groups, out);
      write_2_bits(groups, 4, out + 512);
      return;
    case MINKE_CODES_8: memcpy(out, groups, 1024); return;
  }
}

/// One row's scales for one block, to their places in the super-block's header or behind the block's codes.
MINKE_INLINE void write_scales(struct minke_layout layout, struct minke_block_scales scales, size_t sub, size_t row,
                               uint8_t *header, uint8_t *trailer) {
  uint8_t *wide = minke_scales_trail(layout) ? trailer : header;
  memcpy(wide + 2 * row, &scales.scale, 2);
  if (layout.minimum) memcpy(wide + 64 + 2 * row, &scales.minimum, 2);
  if (minke_scales_trail(layout) || layout.scales == MINKE_SCALES_SUPER) return;
  uint8_t *integers = header + minke_sub_scales(layout, sub) + row;
  integers[0] = (uint8_t)scales.sub_scale[0];
  if (layout.scales == MINKE_SCALES_SUPER_16) integers[32] = (uint8_t)scales.sub_scale[1];
  if (layout.scales == MINKE_SCALES_NIBBLES) {
    integers[0] |= (uint8_t)(scales.sub_minimum[0] << 4);
    integers[32] = (uint8_t)(scales.sub_scale[1] | (scales.sub_minimum[1] << 4));
  }
  if (layout.scales == MINKE_SCALES_SUPER_32 && layout.minimum)
    header[minke_sub_minimums(sub) + row] = (uint8_t)scales.sub_minimum[0];
}

/// A panel of one type; missing rows keep scales of zero.
MINKE_INLINE void pack_blocks(enum minke_stored_type type, struct minke_layout layout, const uint8_t *rows,
                              size_t row_bytes, size_t row_count, size_t block_count, uint8_t *out) {
  const size_t header_bytes = minke_header_bytes(layout);
  const size_t code_bytes = minke_code_bytes(layout.codes);
  const size_t trailer_bytes = minke_trailer_bytes(layout);
  code_groups groups;
  memset(groups, 0, sizeof groups);
  uint8_t *header = out;
  for (size_t block = 0; block < block_count; block++) {
    if (header_bytes && block % 8 == 0) {
      header = out;
      memset(header, 0, header_bytes);
      out += header_bytes;
    }
    gather_codes(type, rows, row_bytes, row_count, block, groups);
    write_codes(layout.codes, groups, out);
    out += code_bytes;
    memset(out, 0, trailer_bytes);
    for (size_t row = 0; row < row_count; row++)
      write_scales(layout, minke_stored_scales(type, rows + row * row_bytes, block), block % 8, row, header, out);
    out += trailer_bytes;
  }
}

/// Float rows: for each depth index the 32 rows' elements of `size` bytes.
MINKE_INLINE void pack_floats(size_t size, const uint8_t *rows, size_t row_bytes, size_t row_count, size_t depth,
                              uint8_t *out) {
  if (row_count < MINKE_PANEL_ROWS) memset(out, 0, depth * MINKE_PANEL_ROWS * size);
  // Sixteen elements of each row at a time, so that the lines read and written stay in the first cache.
  for (size_t first = 0; first < depth; first += 16) {
    size_t last = first + 16 < depth ? first + 16 : depth;
    for (size_t row = 0; row < row_count; row++)
      for (size_t k = first; k < last; k++)
        memcpy(out + (k * MINKE_PANEL_ROWS + row) * size, rows + row * row_bytes + k * size, size);
  }
}

void minke_pack_panel(uint32_t element_type, const void *rows, size_t row_bytes, size_t row_count, size_t depth,
                      uint8_t *panel) {
  minke_packed_format format;
  if (!minke_packed_format_for(element_type, &format)) return;
  switch (element_type) {
    case MINKE_STORED_F32: pack_floats(4, rows, row_bytes, row_count, depth, panel); return;
    case MINKE_STORED_F16:
    case MINKE_STORED_BF16: pack_floats(2, rows, row_bytes, row_count, depth, panel); return;
#define INTEGER_TYPE(TYPE)                                                                                     \
  case MINKE_STORED_##TYPE:                                                                                    \
    pack_blocks(MINKE_STORED_##TYPE, minke_layout_of(format), rows, row_bytes, row_count, depth / 32, panel);  \
    return;
      MINKE_INTEGER_TYPES(INTEGER_TYPE)
    default: return;
  }
}
