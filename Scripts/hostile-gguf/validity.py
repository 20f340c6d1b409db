"""What can be valid, by a reader of the format that is independent of the one under test."""
import math
import struct

from packing import ARRAY, BLOCKS, BOOL, F64, FORMATS, STRING, U32, U64

COMMANDS = ("show", "tokenize", "run", "quantize")


class Invalid(Exception):
    pass


class Reader:
    """An independent reader of the format: is the header valid, is the data there?"""

    def __init__(self, data):
        self.data, self.offset = data, 0

    def require(self, condition, what):
        if not condition:
            raise Invalid(what)

    def take(self, count):
        self.require(count <= len(self.data) - self.offset, "end of file")
        self.offset += count
        return self.data[self.offset - count:self.offset]

    def number(self, type):
        form = "<" + FORMATS[type]
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self, limit, least=1):
        length = self.number(U64)
        self.require(least <= length <= limit, "length")
        try:
            return bytes(self.take(length)).decode()
        except UnicodeDecodeError:
            raise Invalid("not UTF-8")

    def value(self, type, depth=0, element=False):
        if type == STRING:
            return self.take(self.number(U64)) if element else self.text(1 << 26, least=0)
        if type == ARRAY:
            self.require(depth < 4, "depth")
            inner, count = self.number(U32), self.number(U64)
            self.require(inner <= F64 and count <= len(self.data) - self.offset, "array")
            return [self.value(inner, depth + 1, True) for _ in range(count)]
        self.require(type in FORMATS, "value type")
        number = self.number(type)
        self.require(type != BOOL or number <= 1, "bool")
        return number

    def header(self):
        self.require(self.take(4) == b"GGUF" and self.number(U32) in (2, 3), "magic or version")
        tensor_count, key_count = self.number(U64), self.number(U64)
        keys, alignment = set(), 32
        for _ in range(key_count):
            key = self.text(65535)
            self.require(key not in keys, "key twice")
            keys.add(key)
            type = self.number(U32)
            value = self.value(type)
            if key == "general.alignment":
                self.require(type == U32 and 8 <= value <= 1 << 20 and value & (value - 1) == 0, "alignment")
                alignment = value
        tensors = {}
        for _ in range(tensor_count):
            name = self.text(64)
            self.require(name not in tensors, "tensor twice")
            rank = self.number(U32)
            self.require(1 <= rank <= 4, "rank")
            dimensions = [self.number(U64) for _ in range(rank)]
            type, offset = self.number(U32), self.number(U64)
            elements, size = BLOCKS.get(type, (1, 0))
            self.require(0 < math.prod(dimensions) < 1 << 63 and dimensions[0] % elements == 0, "shape")
            self.require(offset % alignment == 0, "offset")
            tensors[name] = (offset, math.prod(dimensions) // elements * size, type)
        start = self.offset + -self.offset % alignment
        end = 0
        for offset, size, _ in sorted(tensors.values()):
            self.require(offset >= end and start + offset + size < 1 << 63, "overlap")
            end = offset + max(size, 1)
        present = all(type in BLOCKS and start + offset + size <= len(self.data)
                      for offset, size, type in tensors.values())
        return present


def possible(data):
    """For each command, whether it can succeed on this file."""
    try:
        present = Reader(data).header()
    except Invalid:
        return {command: False for command in COMMANDS}
    return {"show": True, "tokenize": True, "run": present, "quantize": present}
