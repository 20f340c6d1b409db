# Writes formats.bin: random blocks of every stored type and the floats that the reference gives for them.
# Needs: pip install gguf==0.19.0 numpy==2.4.6
#
# For each type: type number, elements, bytes (three little-endian 32-bit integers), the stored bytes, the elements
# as 32-bit floats.
import struct
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType as T
from gguf.quants import dequantize

# Where the blocks of a type hold half-precision scales.
HALVES = {
    T.Q4_0: [0], T.Q4_1: [0, 2], T.Q5_0: [0], T.Q5_1: [0, 2], T.Q8_0: [0], T.Q2_K: [80, 82], T.Q3_K: [108],
    T.Q4_K: [0, 2], T.Q5_K: [0, 2], T.Q6_K: [208], T.IQ4_NL: [0], T.IQ4_XS: [0],
    T.IQ1_S: [0], T.IQ1_M: [], T.IQ2_XXS: [0], T.IQ2_XS: [0], T.IQ2_S: [0], T.IQ3_XXS: [0], T.IQ3_S: [0],
    T.TQ1_0: [52], T.TQ2_0: [64], T.MXFP4: [],
}
# Scales every type meets first: zeros of both signs, subnormals, the largest finite halves.
EDGES = [0x0000, 0x8000, 0x0001, 0x83FF, 0x7BFF, 0xFBFF, 0x3C00, 0x0400]

generator = np.random.default_rng(20)


def finite_halves(count):
    bits = generator.integers(0, 1 << 16, count, dtype=np.uint16)
    return np.where((bits & 0x7C00) == 0x7C00, bits & 0x83FF, bits).astype(np.uint16)


def stored(kind):
    if kind == T.F32:
        bits = generator.integers(0, 1 << 32, 64, dtype=np.uint32)
        return np.where((bits & 0x7F800000) == 0x7F800000, bits & 0x807FFFFF, bits).astype(np.uint32).tobytes()
    if kind == T.F16:
        return np.concatenate([np.array(EDGES, dtype=np.uint16), finite_halves(56)]).tobytes()
    if kind == T.BF16:
        bits = generator.integers(0, 1 << 16, 64, dtype=np.uint16)
        return np.where((bits & 0x7F80) == 0x7F80, bits & 0x807F, bits).astype(np.uint16).tobytes()
    elements, size = GGML_QUANT_SIZES[kind]
    count = 6 if elements == 256 else 12
    blocks = generator.integers(0, 256, (count, size), dtype=np.uint8)
    blocks[1] = 0
    blocks[2] = 255
    for place, offset in enumerate(HALVES[kind]):
        halves = finite_halves(count)
        halves[: len(EDGES)] = np.roll(EDGES, place)[: count]
        blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(count, 2)
    if kind == T.IQ1_M:
        # The half is spread over the highest bits of four words of scales.
        halves = np.concatenate([EDGES, finite_halves(count)])[:count].astype(np.uint16)
        for word in range(4):
            high = blocks[:, 49 + 2 * word]
            high[:] = (high & 15) | (halves >> (4 * word) & 15).astype(np.uint8) << 4
    if kind == T.MXFP4:
        # Exponents of subnormal scales, and the largest that any code is finite with.
        blocks[:, 0] = np.minimum(blocks[:, 0], 251)
        blocks[: 5, 0] = [0, 1, 2, 127, 251]
    return blocks.tobytes()


out = bytearray()
for kind in [T.F32, T.F16, T.BF16, *HALVES]:
    data = stored(kind)
    values = dequantize(np.frombuffer(data, dtype=np.uint8), kind).astype(np.float32)
    assert np.isfinite(values).all(), kind
    out += struct.pack("<III", kind.value, values.size, len(data)) + data + values.tobytes()
Path(__file__).with_name("formats.bin").write_bytes(out)
