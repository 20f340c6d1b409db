# Writes the goldens of this folder with the reference implementation of the format.
#   pip install gguf==0.19.0 numpy==2.4.6
#   python3 make_gguf.py FOLDER
#
# metadata.gguf    every metadata type, arrays of every element type, an array of arrays
# tensors.gguf     every tensor type that is supported, 64-byte alignment; byte i of a tensor's data is
#                  (i * 7 + number of the tensor) % 256
# split-*.gguf     a model in three parts
import pathlib
import sys

import gguf
import numpy
from gguf import GGUFValueType as V
from gguf import GGMLQuantizationType as T

folder = pathlib.Path(sys.argv[1])


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def metadata():
    writer = gguf.GGUFWriter(folder / "metadata.gguf", "llama")
    writer.add_uint8("an.uint8", 255)
    writer.add_int8("an.int8", -128)
    writer.add_uint16("an.uint16", 65535)
    writer.add_int16("an.int16", -32768)
    writer.add_uint32("an.uint32", 4294967295)
    writer.add_int32("an.int32", -2147483648)
    writer.add_uint64("an.uint64", 18446744073709551615)
    writer.add_int64("an.int64", -9223372036854775808)
    writer.add_float32("a.float32", 1.5)
    writer.add_float64("a.float64", -0.1)
    writer.add_bool("a.bool", True)
    writer.add_bool("another.bool", False)
    writer.add_string("a.string", "whale 🐋 鲸\n")
    writer.add_key_value("strings", ["a", "", "é鲸🐋", b"\xff\xc3"], V.ARRAY, sub_type=V.STRING)
    for name, type, values in [
        ("uint8s", V.UINT8, [0, 255]), ("int8s", V.INT8, [-128, 127]),
        ("uint16s", V.UINT16, [0, 65535]), ("int16s", V.INT16, [-32768, 32767]),
        ("uint32s", V.UINT32, [0, 4294967295]), ("int32s", V.INT32, [-2147483648, 2147483647]),
        ("uint64s", V.UINT64, [0, 9223372036854775807]),
        ("int64s", V.INT64, [-9223372036854775808, 9223372036854775807]),
        ("float32s", V.FLOAT32, [0.0, -1000.0, 1e-6]), ("float64s", V.FLOAT64, [0.1, 1e300]),
        ("bools", V.BOOL, [True, False, True]),
    ]:
        writer.add_key_value(name, values, V.ARRAY, sub_type=type)
    writer.add_key_value("lists", [[1, 2, 3], [-4]], V.ARRAY)
    finish(writer)


TYPES = [
    T.F32, T.F16, T.BF16, T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K,
    T.IQ4_NL, T.IQ4_XS, T.IQ1_S, T.IQ1_M, T.IQ2_XXS, T.IQ2_XS, T.IQ2_S, T.IQ3_XXS, T.IQ3_S, T.TQ1_0, T.TQ2_0,
    T.MXFP4,
]


def contents(number, rows, columns, type):
    block, size = gguf.GGML_QUANT_SIZES[type]
    shape = (rows, columns // block * size)
    data = (numpy.arange(shape[0] * shape[1]) * 7 + number) % 256
    return data.astype(numpy.uint8).reshape(shape)


def tensors():
    writer = gguf.GGUFWriter(folder / "tensors.gguf", "llama")
    writer.add_custom_alignment(64)
    for number, type in enumerate(TYPES):
        writer.add_tensor(
            f"tensor.{type.name.lower()}.weight", contents(number, 2, 256, type), raw_dtype=type)
    finish(writer)


def split():
    writer = gguf.GGUFWriter(folder / "split.gguf", "llama", split_max_tensors=2)
    writer.add_string("general.name", "Three parts")
    for number in range(5):
        writer.add_tensor(
            f"blk.{number}.weight", contents(number, 2, 32, T.Q8_0), raw_dtype=T.Q8_0)
    finish(writer)


metadata()
tensors()
split()
