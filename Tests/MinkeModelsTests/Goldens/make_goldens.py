#!/usr/bin/env python3
"""Tiny random models of every architecture, and their logits in transformers (float32).

Needs: transformers==5.23.0 torch==2.15.0 gguf==0.19.0 safetensors==0.8.0 tokenizers==0.23.3 numpy

    make_goldens.py [NAME...]  writes beside itself, for each model, or for those named (rope for rope.json):

NAME.gguf.bin     the model as llama.cpp's converter would lay it out: tensor names, Q and K of
                  llama permuted to interleaved pairs, 1 added to the norm weights of gemma3,
                  rope_freqs.weight for Llama 3 scaling. Weights are rounded to the stored type
                  before the reference runs, so both compute on the same numbers.
NAME.tokens.bin   token ids, little-endian int32
NAME.logits.bin   logits [tokens, vocabulary], little-endian float32, eager attention, float32
NAME.hidden.bin   what the output matrix is multiplied by [tokens, width], of dense models, the same
folders/NAME/     the same model as transformers saves it, with weights of the stored type

folders/qwen3-fp8, qwen3-fp8.tokens.bin and qwen3-fp8.logits.bin: a model whose matrices are 8-bit floats with a scale for
each block of 128 × 128, as DeepSeek publishes them. The reference computes on the products rounded to BF16;
qwen3-fp8.down.bin has those of one matrix in float32.

and rope.json: inverse frequencies and magnitudes of RoPE scalings at the sizes real models use.
"""
import json
import math
import pathlib
import shutil
import sys

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, MODEL_ARCH, get_tensor_name_map
from gguf.quants import quantize
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen3Config)
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

sys.dont_write_bytecode = True
import mixtures
from mixtures import MIXTURES

HERE = pathlib.Path(__file__).parent
TOKENS = 40
F32, F16, BF16 = GGMLQuantizationType.F32, GGMLQuantizationType.F16, GGMLQuantizationType.BF16
DEFAULT = {"rope_type": "default", "rope_theta": 10000.0}


def sizes(hidden, heads, kv_heads, ffn, vocab, layers=2, **more):
    return dict(
        hidden_size=hidden, num_attention_heads=heads, num_key_value_heads=kv_heads,
        intermediate_size=ffn, vocab_size=vocab, num_hidden_layers=layers, **more)


# name: (architecture, configuration, stored type)
MODELS = {
    "llama-regular": ("llama", LlamaConfig(
        **sizes(32, 4, 2, 64, 96), rms_norm_eps=1e-5, tie_word_embeddings=False,
        max_position_embeddings=64, rope_parameters=DEFAULT), F32),
    "llama-odd-llama3": ("llama", LlamaConfig(
        **sizes(72, 3, 1, 52, 131), rms_norm_eps=1e-6, tie_word_embeddings=True,
        max_position_embeddings=64, rope_parameters=dict(
            rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=16)), BF16),
    "llama-linear": ("llama", LlamaConfig(
        **sizes(48, 2, 2, 56, 96), rms_norm_eps=1e-5, tie_word_embeddings=True,
        max_position_embeddings=64, rope_parameters=dict(
            rope_type="linear", rope_theta=10000.0, factor=4.0)), F16),
    "qwen2-regular": ("qwen2", Qwen2Config(
        **sizes(48, 4, 2, 72, 96), rms_norm_eps=1e-6, tie_word_embeddings=True,
        max_position_embeddings=64, rope_parameters=dict(DEFAULT, rope_theta=1000000.0)), F16),
    "qwen2-odd-yarn": ("qwen2", Qwen2Config(
        **sizes(72, 3, 1, 44, 67), rms_norm_eps=1e-6, tie_word_embeddings=False,
        max_position_embeddings=64, rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=4.0,
            original_max_position_embeddings=16)), F16),
    "qwen3-regular": ("qwen3", Qwen3Config(
        **sizes(40, 4, 2, 48, 96), head_dim=32, rms_norm_eps=1e-6, tie_word_embeddings=False,
        max_position_embeddings=64, rope_parameters=dict(DEFAULT, rope_theta=1000000.0)), F16),
    "qwen3-odd-yarn": ("qwen3", Qwen3Config(
        **sizes(40, 5, 1, 52, 131), head_dim=20, rms_norm_eps=1e-6, tie_word_embeddings=True,
        max_position_embeddings=64, rope_parameters=dict(
            rope_type="yarn", rope_theta=10000.0, factor=2.0, beta_fast=16.0, beta_slow=2.0,
            original_max_position_embeddings=32)), BF16),
    "gemma3-regular": ("gemma3", Gemma3TextConfig(
        **sizes(24, 4, 2, 32, 96, layers=7), head_dim=16, rms_norm_eps=1e-6,
        query_pre_attn_scalar=16, sliding_window=8, sliding_window_pattern=6,
        max_position_embeddings=64, rope_parameters={
            "full_attention": dict(DEFAULT, rope_theta=1000000.0),
            "sliding_attention": DEFAULT}), F16),
    "gemma3-odd-linear": ("gemma3", Gemma3TextConfig(
        **sizes(40, 2, 1, 36, 131, layers=3), head_dim=24, rms_norm_eps=1e-6,
        query_pre_attn_scalar=20, sliding_window=5, sliding_window_pattern=2,
        final_logit_softcapping=12.0, max_position_embeddings=64, rope_parameters={
            "full_attention": dict(rope_type="linear", rope_theta=1000000.0, factor=8.0),
            "sliding_attention": dict(DEFAULT, rope_theta=5000.0)}), BF16),
}

# Scalings as published configurations carry them: name → (head_dim, rope parameters).
ROPE = {
    "default-64": (64, dict(rope_type="default", rope_theta=100000.0)),
    "linear-8": (256, dict(rope_type="linear", rope_theta=1000000.0, factor=8.0)),
    "llama3-8": (128, dict(
        rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0,
        high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "llama3-32": (64, dict(
        rope_type="llama3", rope_theta=500000.0, factor=32.0, low_freq_factor=1.0,
        high_freq_factor=4.0, original_max_position_embeddings=8192)),
    "yarn-4": (128, dict(
        rope_type="yarn", rope_theta=1000000.0, factor=4.0,
        original_max_position_embeddings=32768)),
    "yarn-betas": (128, dict(
        rope_type="yarn", rope_theta=10000.0, factor=40.0, beta_fast=24.0, beta_slow=2.0,
        original_max_position_embeddings=4096)),
    "yarn-attention-factor": (64, dict(
        rope_type="yarn", rope_theta=150000.0, factor=16.0, attention_factor=1.1,
        original_max_position_embeddings=4096)),
}


def randomize(model, architecture, stored):
    """Weights large enough that attention is far from uniform, rounded to their stored type."""
    tied = model.config.tie_word_embeddings
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape)
            if name.endswith("norm.weight"):
                values = values * 0.2 + (0.0 if architecture == "gemma3" else 1.0)
                if architecture == "gemma3":
                    values = (1 + values) - 1  # as it comes back from the file, where 1 is added
            elif name.endswith("bias"):
                values = values * 0.3
            else:
                if "embed_tokens" in name:
                    values = values * (0.3 if tied else 1.0)
                elif "q_proj" in name or "k_proj" in name:
                    values = values * 1.5 / math.sqrt(parameter.shape[1])
                else:
                    values = values / math.sqrt(parameter.shape[1])
                if stored == F16:
                    values = values.half().float()
                elif stored == BF16:
                    values = values.bfloat16().float()
            parameter.copy_(values)


def write_hyperparameters(writer, config, architecture):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    rope = config.rope_parameters
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if architecture == "llama":
        writer.add_rope_dimension_count(head_dim)
    if architecture in ("qwen3", "gemma3"):
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    if architecture == "gemma3":
        local, rope = rope["sliding_attention"], rope["full_attention"]
        writer.add_sliding_window(config.sliding_window)
        if local["rope_theta"] != 10000.0:
            writer.add_float32("gemma3.rope.freq_base_swa", local["rope_theta"])
        if config._sliding_window_pattern != 6:
            writer.add_uint32("gemma3.attention.sliding_window_pattern", config._sliding_window_pattern)
        if config.query_pre_attn_scalar != head_dim:
            writer.add_float32("gemma3.attention.scale", config.query_pre_attn_scalar**-0.5)
        if config.final_logit_softcapping:
            writer.add_final_logit_softcapping(config.final_logit_softcapping)
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "linear":
        writer.add_string(f"{architecture}.rope.scaling.type", "linear")
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        writer.add_string(f"{architecture}.rope.scaling.type", "yarn")
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        if "beta_fast" in rope:
            writer.add_float32(f"{architecture}.rope.scaling.yarn_beta_fast", rope["beta_fast"])
            writer.add_float32(f"{architecture}.rope.scaling.yarn_beta_slow", rope["beta_slow"])
    return head_dim, rope


def llama3_factors(rope, head_dim):
    """What rope_freqs.weight holds: by how much each frequency is divided."""
    plain = rope["rope_theta"] ** (-np.arange(0, head_dim, 2) / head_dim)
    wavelength = 2 * np.pi / plain
    low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
    high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
    smooth = (rope["original_max_position_embeddings"] / wavelength - rope["low_freq_factor"]) / (
        rope["high_freq_factor"] - rope["low_freq_factor"])
    middle = 1 / ((1 - smooth) / rope["factor"] + smooth)
    factors = np.where(wavelength > low, rope["factor"], np.where(wavelength < high, 1.0, middle))
    return factors.astype(np.float32)


def write_gguf(path, model, architecture, stored):
    config = model.config
    writer = GGUFWriter(str(path), architecture)
    head_dim, rope = write_hyperparameters(writer, config, architecture)
    arch = {"llama": MODEL_ARCH.LLAMA, "qwen2": MODEL_ARCH.QWEN2, "qwen3": MODEL_ARCH.QWEN3,
            "gemma3": MODEL_ARCH.GEMMA3}[architecture]
    names = get_tensor_name_map(arch, config.num_hidden_layers)
    if rope["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", llama3_factors(rope, head_dim))
    for name, parameter in model.named_parameters():
        gguf_name = names.get_name(name, try_suffixes=(".weight", ".bias"))
        values = parameter.detach().numpy().copy()
        if architecture == "gemma3" and name.endswith("norm.weight"):
            values = values + 1
        if architecture == "llama" and (".attn_q." in gguf_name or ".attn_k." in gguf_name):
            halves = values.reshape(-1, 2, head_dim // 2, values.shape[-1])
            values = halves.swapaxes(1, 2).reshape(values.shape)
        values = np.ascontiguousarray(values, dtype=np.float32)
        if values.ndim == 1 or stored == F32:
            writer.add_tensor(gguf_name, values)
        else:
            writer.add_tensor(gguf_name, quantize(values, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def save_tokenizer(folder, count):
    """A vocabulary of single characters, so that the folder is whole."""
    tokenizer = Tokenizer(models.BPE(vocab={chr(0x21 + i): i for i in range(count)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="!").save_pretrained(folder)


def save_folder(name, model, stored):
    folder = HERE / "folders" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    # Vectors stay as they are: the reference did not compute on rounded ones.
    kind = {F32: torch.float32, F16: torch.float16, BF16: torch.bfloat16}[stored]
    weights = {key: value.to(kind) if value.ndim > 1 else value for key, value in model.named_parameters()}
    save_file({key: value.detach().contiguous() for key, value in weights.items()}, folder / "model.safetensors",
              metadata={"format": "pt"})
    (folder / "generation_config.json").unlink(missing_ok=True)
    save_tokenizer(folder, min(model.config.vocab_size, 94))


def reference(model, tokens):
    with torch.inference_mode():
        return model(tokens, use_cache=False).logits[0]


def quantized(values, block=128):
    """8-bit floats and a scale for each block: what DeepSeek's conversion does."""
    rows, columns = values.shape
    scales = torch.empty((rows + block - 1) // block, (columns + block - 1) // block)
    codes = torch.empty(rows, columns, dtype=torch.float8_e4m3fn)
    for i in range(scales.shape[0]):
        for j in range(scales.shape[1]):
            part = (slice(i * block, (i + 1) * block), slice(j * block, (j + 1) * block))
            scales[i, j] = values[part].abs().max() / 448
            codes[part] = (values[part] / scales[i, j]).to(torch.float8_e4m3fn)
    whole = scales.repeat_interleave(block, 0)[:rows].repeat_interleave(block, 1)[:, :columns]
    return codes, scales, codes.float() * whole


def make_fp8(seed, name):
    config = Qwen3Config(
        **sizes(160, 2, 1, 200, 94, layers=1), head_dim=80, rms_norm_eps=1e-6, tie_word_embeddings=False,
        max_position_embeddings=64, rope_parameters=DEFAULT)
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    randomize(model, "qwen3", BF16)
    tensors = {}
    for tensor_name, parameter in model.named_parameters():
        values = parameter.detach().clone()
        if "proj" in tensor_name:
            codes, scales, products = quantized(values)
            tensors[tensor_name] = codes
            tensors[tensor_name + "_scale_inv"] = scales
            if "down" in tensor_name:
                products.numpy().astype("<f4").tofile(HERE / f"{name}.down.bin")
            values = products.bfloat16().float()
        else:
            tensors[tensor_name] = values.bfloat16()
            values = values.bfloat16().float()
        with torch.no_grad():
            parameter.copy_(values)
    tokens = torch.randint(0, config.vocab_size, (1, TOKENS))
    tokens[0].numpy().astype("<i4").tofile(HERE / f"{name}.tokens.bin")
    reference(model, tokens).numpy().astype("<f4").tofile(HERE / f"{name}.logits.bin")
    save_folder(name, model, BF16)
    folder = HERE / "folders" / name
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    saved = json.loads((folder / "config.json").read_text())
    saved["quantization_config"] = {
        "activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": [128, 128]}
    (folder / "config.json").write_text(json.dumps(saved, indent=2) + "\n")


def make_model(seed, name):
    architecture, config, stored = MODELS[name]
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation="eager").eval()
    randomize(model, architecture, stored)
    tokens = torch.randint(0, config.vocab_size, (1, TOKENS))
    logits = reference(model, tokens)
    with torch.inference_mode():
        hidden = model.model(tokens, use_cache=False).last_hidden_state[0]
    write_gguf(HERE / f"{name}.gguf.bin", model, architecture, stored)
    tokens[0].numpy().astype("<i4").tofile(HERE / f"{name}.tokens.bin")
    logits.numpy().astype("<f4").tofile(HERE / f"{name}.logits.bin")
    hidden.numpy().astype("<f4").tofile(HERE / f"{name}.hidden.bin")
    save_folder(name, model, stored)
    print(name, "logits", tuple(logits.shape), "standard deviation", round(logits.std().item(), 3))


def make_mixture(seed, name):
    architecture, config, stored = MIXTURES[name]
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager").eval()
    mixtures.randomize(model, stored)
    tokens = torch.randint(0, config.vocab_size, (1, TOKENS))
    logits = reference(model, tokens)
    tokens[0].numpy().astype("<i4").tofile(HERE / f"{name}.tokens.bin")
    logits.numpy().astype("<f4").tofile(HERE / f"{name}.logits.bin")
    folder = HERE / "folders" / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    save_tokenizer(folder, min(config.vocab_size, 94))
    tensors = mixtures.finish_folder(folder, model, architecture, stored)
    mixtures.write_gguf(HERE / f"{name}.gguf.bin", tensors, config, architecture, stored)
    print(name, "logits", tuple(logits.shape), "standard deviation", round(logits.std().item(), 3))


def make_rope(head_dim, rope):
    context = int(rope.get("original_max_position_embeddings", 4096) * rope.get("factor", 1))
    config = LlamaConfig(
        hidden_size=head_dim * 2, num_attention_heads=2, head_dim=head_dim,
        max_position_embeddings=context, rope_parameters=dict(rope))
    if rope["rope_type"] == "default":
        frequencies, magnitude = rope["rope_theta"] ** (-torch.arange(0, head_dim, 2) / head_dim), 1.0
    else:
        frequencies, magnitude = ROPE_INIT_FUNCTIONS[rope["rope_type"]](config, "cpu")
    return dict(rope, dimensions=head_dim, magnitude=float(magnitude), frequencies=frequencies.tolist())


def main():
    named = sys.argv[1:]
    known = [*MODELS, *MIXTURES, "qwen3-fp8", "rope"]
    if unknown := [name for name in named if name not in known]:
        sys.exit(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    wanted = set(named or known)
    for seed, name in enumerate(MODELS, start=1):
        if name in wanted:
            make_model(seed, name)
    if "qwen3-fp8" in wanted:
        make_fp8(100, "qwen3-fp8")
    for seed, name in enumerate(MIXTURES, start=200):
        if name in wanted:
            make_mixture(seed, name)
    if "rope" in wanted:
        goldens = {name: make_rope(*arguments) for name, arguments in ROPE.items()}
        rows = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in goldens.items()]
        (HERE / "rope.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    main()
