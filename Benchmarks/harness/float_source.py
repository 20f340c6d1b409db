"""A model in F32, made of one in few bits.

The models compared are quantised already. Their values lie on a grid, which a quantiser of the same kind finds
again and reproduces; the original weights could have been anywhere within half a step of it. So each value gets uniform
noise of that width: the weights are spread again as weights are, and the model is a little worse than the original.
"""
import struct
from pathlib import Path

import gguf
import numpy
from gguf.quants import dequantize

ALIGNMENT = 32
GROUP = 16  # Elements that share a scale in every type.


def padded(size: int) -> int:
    return (size + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def spread(values: numpy.ndarray, random: numpy.random.Generator) -> numpy.ndarray:
    """Values with noise within half a step of their grid: the least difference of two in a group."""
    groups = values.reshape(-1, GROUP)
    gaps = numpy.diff(numpy.sort(groups, axis=1), axis=1)
    # What is less is the rounding of one value.
    gaps[gaps <= numpy.abs(groups).max(axis=1, keepdims=True) * 1e-5] = numpy.inf
    steps = gaps.min(axis=1, keepdims=True)
    steps[~numpy.isfinite(steps)] = 0
    noise = random.random(groups.shape, dtype=numpy.float32) - numpy.float32(0.5)
    return (groups + noise * steps).astype("<f4").reshape(values.shape)


def write(source: Path, target: Path, seed: int) -> None:
    """Writes `source` with every tensor as F32; metadata are copied byte for byte. The seed 0 is for no noise."""
    reader = gguf.GGUFReader(source)
    random = numpy.random.default_rng(seed)
    count = int(reader.fields["GGUF.kv_count"].parts[0][0])
    partial = target.with_suffix(".partial")
    with open(partial, "wb") as out:
        out.write(struct.pack("<IIQQ", 0x46554747, 3, len(reader.tensors), count))
        # The header is magic, version and two counts, 24 bytes; tensors are described after the metadata.
        out.write(reader.data[24:reader.tensors[0].field.offset].tobytes())
        offset = 0
        for tensor in reader.tensors:
            name, shape = tensor.name.encode(), [int(n) for n in tensor.shape]
            out.write(struct.pack("<Q", len(name)) + name + struct.pack("<I", len(shape)))
            out.write(struct.pack(f"<{len(shape)}Q", *shape) + struct.pack("<IQ", 0, offset))
            offset += padded(4 * tensor.n_elements)
        out.write(bytes(padded(out.tell()) - out.tell()))
        for tensor in reader.tensors:
            values = dequantize(tensor.data, tensor.tensor_type).astype("<f4")
            if seed and len(tensor.shape) > 1 and gguf.GGML_QUANT_SIZES[tensor.tensor_type][0] > 1:
                values = spread(values, random)
            data = values.tobytes()
            out.write(data + bytes(padded(len(data)) - len(data)))
    partial.rename(target)
