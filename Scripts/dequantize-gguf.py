#!/usr/bin/env python3
"""Writes a GGUF file with every tensor as F32: the same model without quantised arithmetic.

    pip install gguf==0.19.0 numpy
    Scripts/dequantize-gguf.py model.gguf model-f32.gguf

Minke multiplies F32 weights with float32 activations, so that what a change alters is not hidden by the rounding of
activations to 8 bits. Metadata are copied byte for byte.
"""
import struct
import sys

from gguf import GGUFReader
from gguf.quants import dequantize

ALIGNMENT = 32
F32 = 0


def padded(size):
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def main(source, target):
    reader = GGUFReader(source)
    tensors = reader.tensors
    metadata_count = int(reader.fields["GGUF.kv_count"].parts[0][0])
    # The header is magic, version and two counts, 24 bytes; tensors are described after the metadata.
    metadata = reader.data[24 : tensors[0].field.offset].tobytes()
    with open(target, "wb") as out:
        out.write(struct.pack("<IIQQ", 0x46554747, 3, len(tensors), metadata_count))
        out.write(metadata)
        offset = 0
        for tensor in tensors:
            name = tensor.name.encode()
            shape = [int(n) for n in tensor.shape]
            out.write(struct.pack("<Q", len(name)) + name + struct.pack("<I", len(shape)))
            out.write(struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", F32, offset))
            offset += padded(4 * tensor.n_elements)
        out.write(bytes(padded(out.tell()) - out.tell()))
        for tensor in tensors:
            data = dequantize(tensor.data, tensor.tensor_type).astype("<f4").tobytes()
            out.write(data + bytes(padded(len(data)) - len(data)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
