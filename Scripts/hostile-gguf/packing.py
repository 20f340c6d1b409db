"""Packs GGUF files field by field, right or wrong."""
import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMATS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q",
           F64: "d"}

# Number, elements and bytes of a block, where its half floats stand, a scale that keeps values small.
TYPES = {
    "F32": (0, 1, 4, (), 0), "F16": (1, 1, 2, (), 0), "Q4_0": (2, 32, 18, (0,), 4e-3),
    "Q4_1": (3, 32, 20, (0, 2), 4e-3), "Q5_0": (6, 32, 22, (0,), 2e-3), "Q5_1": (7, 32, 24, (0, 2), 2e-3),
    "Q8_0": (8, 32, 34, (0,), 3e-4), "Q2_K": (10, 256, 84, (80, 82), 5e-5), "Q3_K": (11, 256, 110, (108,), 3e-5),
    "Q4_K": (12, 256, 144, (0, 2), 1e-5), "Q5_K": (13, 256, 176, (0, 2), 5e-6),
    "Q6_K": (14, 256, 210, (208,), 2e-6), "IQ4_NL": (20, 32, 18, (0,), 3e-4),
    "IQ4_XS": (23, 256, 136, (0,), 2e-6), "BF16": (30, 1, 2, (), 0), "IQ2_XXS": (16, 256, 66, (0,), 1e-4),
    "IQ2_XS": (17, 256, 74, (0,), 1e-4), "IQ3_XXS": (18, 256, 98, (0,), 5e-5), "IQ1_S": (19, 256, 50, (0,), 2e-3),
    "IQ3_S": (21, 256, 110, (0,), 5e-5), "IQ2_S": (22, 256, 82, (0,), 1e-4), "TQ1_0": (34, 256, 54, (52,), 2e-2),
    "TQ2_0": (35, 256, 66, (64,), 2e-2), "IQ1_M": (29, 256, 56, (), 0), "MXFP4": (39, 32, 17, (), 0),
}
BLOCKS = {number: (elements, size) for number, elements, size, _, _ in TYPES.values()}


class Packer:
    """Bytes, and where the integers stand in them."""

    def __init__(self):
        self.bytes = bytearray()
        self.fields = []

    def number(self, type, value):
        form = "<" + FORMATS[type]
        self.fields.append((len(self.bytes), struct.calcsize(form)))
        self.bytes += struct.pack(form, value)

    def string(self, text):
        text = text.encode() if isinstance(text, str) else text
        self.number(U64, len(text))
        self.bytes += text

    def value(self, type, value):
        """`value` of an array is (element type, elements)."""
        if type == STRING:
            self.string(value)
        elif type == ARRAY:
            self.number(U32, value[0])
            self.number(U64, len(value[1]))
            for element in value[1]:
                self.value(value[0], element)
        else:
            self.number(type, value)


class Model:
    """A whole file: keys {name: (type, value)} and tensors {name: (dimensions, type name, bytes)}."""

    def __init__(self, keys, tensors):
        self.keys, self.tensors = keys, tensors

    def copy(self):
        return Model(dict(self.keys), dict(self.tensors))

    def pack(self, version=3):
        out = Packer()
        out.bytes += b"GGUF"
        out.number(U32, version)
        out.number(U64, len(self.tensors))
        out.number(U64, len(self.keys))
        for key, (type, value) in self.keys.items():
            out.string(key)
            out.number(U32, type)
            out.value(type, value)
        offset = 0
        for name, (dimensions, type, data) in self.tensors.items():
            out.string(name)
            out.number(U32, len(dimensions))
            for dimension in dimensions:
                out.number(U64, dimension)
            out.number(U32, TYPES[type][0])
            out.number(U64, offset)
            offset += len(data) + -len(data) % 32
        for _, _, data in [((), "", b"")] + list(self.tensors.values()):
            out.bytes += data
            out.bytes += bytes(-len(out.bytes) % 32)
        return out
