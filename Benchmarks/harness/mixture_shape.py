"""A mixture of experts of the shape of Qwen3-30B-A3B, with as many layers as a size allows, random weights, real tokenizer.

The layers' experts are most of the file. A router of random weights chooses nearly evenly, which no trained one does: it
is the worst case for keeping experts in memory.
"""
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, GGUFValueType, GGUFWriter

from .environment import cache
from .packages import fetched
from .r1_shape import F32, HEAD_MEMBER, HEAD_PACKAGE, HEAD_SHA256, Q4_K, Q6_K, SEED, VOCABULARY, Metadata, q4_k, q6_k

WIDTH, HEADS, KV_HEADS, HEAD, EXPERTS, USED, INNER = 2048, 32, 4, 128, 128, 8, 768


def tensors(layers: int) -> list:
    """(name, shape as numpy has it, type), Q4_K_M-like: every other layer's down matrices are finer."""
    found = [("token_embd.weight", (VOCABULARY, WIDTH), Q4_K)]
    for layer in range(layers):
        finer = Q6_K if layer % 2 else Q4_K
        for name, shape, kind in [
            ("attn_norm.weight", (WIDTH,), F32),
            ("attn_q.weight", (HEADS * HEAD, WIDTH), Q4_K), ("attn_k.weight", (KV_HEADS * HEAD, WIDTH), Q4_K),
            ("attn_v.weight", (KV_HEADS * HEAD, WIDTH), finer),
            ("attn_q_norm.weight", (HEAD,), F32), ("attn_k_norm.weight", (HEAD,), F32),
            ("attn_output.weight", (WIDTH, HEADS * HEAD), Q4_K),
            ("ffn_norm.weight", (WIDTH,), F32), ("ffn_gate_inp.weight", (EXPERTS, WIDTH), F32),
            ("ffn_gate_exps.weight", (EXPERTS, INNER, WIDTH), Q4_K), ("ffn_up_exps.weight", (EXPERTS, INNER, WIDTH), Q4_K),
            ("ffn_down_exps.weight", (EXPERTS, WIDTH, INNER), finer),
        ]:
            found.append((f"blk.{layer}.{name}", shape, kind))
    return found + [("output_norm.weight", (WIDTH,), F32), ("output.weight", (VOCABULARY, WIDTH), Q6_K)]


def stored_shape(shape: tuple, kind) -> tuple:
    block, size = GGML_QUANT_SIZES[kind]
    return shape if kind == F32 else (*shape[:-1], shape[-1] // block * size)


def byte_count(layers: int) -> int:
    return sum(
        int(np.prod(stored_shape(shape, kind))) * (4 if kind == F32 else 1) for _, shape, kind in tensors(layers))


def layer_count(size: int) -> int:
    """Layers of the largest model that takes at most so many bytes."""
    pair = byte_count(2) - byte_count(0)
    return max(2, (size - byte_count(0)) // pair * 2)


def values(name: str, shape: tuple, kind, draw: np.random.Generator) -> np.ndarray:
    if kind == F32:
        if name.endswith("norm.weight"):
            return np.ones(shape, np.float32)
        return draw.normal(0, shape[1] ** -0.5, shape).astype(np.float32)
    make = q4_k if kind == Q4_K else q6_k
    # As large as what the layers add: else attention, which is much the same for all tokens, decides on the experts.
    deviation = 1 if name == "token_embd.weight" else shape[-1] ** -0.5
    return make(int(np.prod(shape)) // 256, deviation, draw).reshape(stored_shape(shape, kind))


def describe(writer: GGUFWriter, reader: Metadata, layers: int) -> None:
    """The tokenizer of the head, and this shape's hyper-parameters."""
    writer.add_name("mixture of experts, random weights")
    writer.add_block_count(layers)
    writer.add_context_length(32768)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(6144)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(USED)
    writer.add_expert_feed_forward_length(INNER)
    for key, field in reader.fields.items():
        if not key.startswith("tokenizer."):
            continue
        value = field.contents()
        if key in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type"):
            value = value[:VOCABULARY]
        kind = field.types[0]
        writer.add_key_value(key, value, kind, field.types[-1] if kind == GGUFValueType.ARRAY else None)


def write(path: Path, size: int) -> None:
    """Writes the file, a tensor at a time."""
    head = cache() / "models" / "deepseek-r1-distill-qwen-7b-head.gguf"
    reader = Metadata(fetched(HEAD_PACKAGE, HEAD_MEMBER, HEAD_SHA256, head))
    partial = path.with_suffix(".partial")
    layers = layer_count(size)
    writer = GGUFWriter(partial, "qwen3moe")
    describe(writer, reader, layers)
    for name, shape, kind in tensors(layers):
        stored = stored_shape(shape, kind)
        writer.add_tensor_info(
            name, stored, np.dtype(np.float32 if kind == F32 else np.uint8),
            int(np.prod(stored)) * (4 if kind == F32 else 1), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for index, (name, shape, kind) in enumerate(tensors(layers)):
        writer.write_tensor_data(values(name, shape, kind, np.random.default_rng((SEED, index))))
    writer.close()
    partial.rename(path)
