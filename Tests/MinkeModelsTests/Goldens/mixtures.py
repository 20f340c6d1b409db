"""Tiny random models with experts, latent attention and lightning attention: make_goldens.py makes them.

The GGUF files are laid out as llama.cpp's converter does it: the experts' matrices stacked, routers in F32, and of DeepSeek
the regular models with the matrix that widens latents split (attn_k_b, attn_v_b), the odd ones with it whole (attn_kv_b), as
older files have it. llama.cpp has one factor for MiniMax's residuals; where a configuration has several, they are written under
keys of the same style.
"""
import json
import math

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import quantize
from safetensors.torch import load_file, save_file
from transformers import (
    DeepseekV2Config, DeepseekV3Config, MiniMaxConfig, MiniMaxM2Config, MixtralConfig, Qwen2MoeConfig, Qwen3MoeConfig)

F32, F16, BF16 = GGMLQuantizationType.F32, GGMLQuantizationType.F16, GGMLQuantizationType.BF16
TORCH = {F32: torch.float32, F16: torch.float16, BF16: torch.bfloat16}
DEFAULT = {"rope_type": "default", "rope_theta": 10000.0}


def sizes(hidden, heads, kv_heads, ffn, vocab, layers, **more):
    return dict(
        hidden_size=hidden, num_attention_heads=heads, num_key_value_heads=kv_heads, intermediate_size=ffn,
        vocab_size=vocab, num_hidden_layers=layers, max_position_embeddings=64, **more)


def latent(nope, rope, value, rank, query_rank=None):
    return dict(
        qk_nope_head_dim=nope, qk_rope_head_dim=rope, v_head_dim=value, kv_lora_rank=rank, q_lora_rank=query_rank)


def yarn(factor, mscale):
    return dict(
        rope_type="yarn", rope_theta=10000.0, factor=factor, original_max_position_embeddings=16, beta_fast=32,
        beta_slow=1, mscale=mscale, mscale_all_dim=mscale)


# name: (architecture, configuration, stored type)
MIXTURES = {
    "mixtral-regular": ("llama", MixtralConfig(
        **sizes(64, 4, 2, 32, 96, 2), num_local_experts=4, num_experts_per_tok=2, rms_norm_eps=1e-5,
        rope_parameters=dict(DEFAULT, rope_theta=1000000.0)), F16),
    "mixtral-odd": ("llama", MixtralConfig(
        **sizes(40, 5, 1, 28, 131, 2), head_dim=12, num_local_experts=5, num_experts_per_tok=3, rms_norm_eps=1e-5,
        tie_word_embeddings=True, rope_parameters=DEFAULT), BF16),
    "qwen2moe-regular": ("qwen2moe", Qwen2MoeConfig(
        **sizes(64, 4, 2, 96, 96, 2), moe_intermediate_size=32, shared_expert_intermediate_size=48, num_experts=4,
        num_experts_per_tok=2, norm_topk_prob=False, rms_norm_eps=1e-6, rope_parameters=DEFAULT), F16),
    "qwen2moe-odd": ("qwen2moe", Qwen2MoeConfig(
        **sizes(36, 3, 1, 52, 67, 2), moe_intermediate_size=20, shared_expert_intermediate_size=44, num_experts=5,
        num_experts_per_tok=3, norm_topk_prob=True, rms_norm_eps=1e-6, rope_parameters=DEFAULT), BF16),
    "qwen3moe-regular": ("qwen3moe", Qwen3MoeConfig(
        **sizes(32, 4, 2, 96, 96, 2), head_dim=32, moe_intermediate_size=32, num_experts=8, num_experts_per_tok=2,
        norm_topk_prob=True, rms_norm_eps=1e-6, rope_parameters=dict(DEFAULT, rope_theta=1000000.0)), F16),
    "qwen3moe-odd": ("qwen3moe", Qwen3MoeConfig(
        **sizes(40, 3, 1, 52, 131, 2), head_dim=20, moe_intermediate_size=28, num_experts=7, num_experts_per_tok=4,
        norm_topk_prob=True, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_parameters=DEFAULT), BF16),
    # Queries without a latent of their own, as in V2-Lite.
    "deepseek-v2-regular": ("deepseek2", DeepseekV2Config(
        **sizes(32, 4, 4, 96, 96, 3), **latent(16, 8, 16, 32), moe_intermediate_size=32, n_routed_experts=8,
        num_experts_per_tok=2, n_shared_experts=2, first_k_dense_replace=1, topk_method="greedy",
        routed_scaling_factor=1.5, norm_topk_prob=False, rms_norm_eps=1e-6, rope_parameters=yarn(4.0, 0.707)), BF16),
    "deepseek-v2-odd": ("deepseek2", DeepseekV2Config(
        **sizes(36, 3, 3, 44, 67, 2), **latent(10, 6, 14, 22, 20), moe_intermediate_size=20, n_routed_experts=9,
        num_experts_per_tok=3, n_shared_experts=1, first_k_dense_replace=1, topk_method="group_limited_greedy",
        n_group=3, topk_group=2, routed_scaling_factor=2.0, norm_topk_prob=False, rms_norm_eps=1e-6,
        rope_parameters=DEFAULT), F32),
    "deepseek-v3-regular": ("deepseek2", DeepseekV3Config(
        **sizes(32, 4, 4, 96, 96, 3), **latent(16, 8, 16, 32, 24), moe_intermediate_size=32, n_routed_experts=8,
        num_experts_per_tok=3, n_shared_experts=1, first_k_dense_replace=1, n_group=4, topk_group=2,
        routed_scaling_factor=2.5, norm_topk_prob=True, rms_norm_eps=1e-6, rope_parameters=yarn(4.0, 1.0)), BF16),
    "deepseek-v3-odd": ("deepseek2", DeepseekV3Config(
        **sizes(36, 3, 3, 44, 131, 2), **latent(14, 10, 12, 22, 18), moe_intermediate_size=20, n_routed_experts=5,
        num_experts_per_tok=3, n_shared_experts=1, first_k_dense_replace=1, n_group=1, topk_group=1,
        routed_scaling_factor=1.7, norm_topk_prob=True, rms_norm_eps=1e-6, rope_parameters=DEFAULT), F16),
    # Prompts are several blocks long, and the last is not whole.
    "minimax-regular": ("minimax-01", MiniMaxConfig(
        **sizes(32, 4, 2, 32, 96, 4), head_dim=16, num_local_experts=4, num_experts_per_tok=2, rms_norm_eps=1e-5,
        block_size=16, layer_types=["linear_attention", "linear_attention", "full_attention", "linear_attention"],
        full_attn_alpha_factor=3.5565588200778455, full_attn_beta_factor=1.0,
        linear_attn_alpha_factor=3.5565588200778455, linear_attn_beta_factor=1.0,
        mlp_alpha_factor=3.5565588200778455, mlp_beta_factor=1.0,
        rope_parameters=dict(DEFAULT, rope_theta=10000000.0)), BF16),
    "minimax-odd": ("minimax-01", MiniMaxConfig(
        **sizes(36, 3, 1, 20, 131, 3), head_dim=20, num_local_experts=5, num_experts_per_tok=3, rms_norm_eps=1e-5,
        block_size=7, layer_types=["full_attention", "linear_attention", "full_attention"],
        full_attn_alpha_factor=1.5, full_attn_beta_factor=0.75, linear_attn_alpha_factor=1.25,
        linear_attn_beta_factor=0.5, mlp_alpha_factor=2.0, mlp_beta_factor=1.5, rope_parameters=DEFAULT), F16),
    "minimax-m2-regular": ("minimax-m2", MiniMaxM2Config(
        **sizes(32, 4, 2, 32, 96, 2), head_dim=32, bos_token_id=1, eos_token_id=2, num_local_experts=8,
        num_experts_per_tok=2, rms_norm_eps=1e-6,
        rope_parameters=dict(DEFAULT, rope_theta=5000000.0, partial_rotary_factor=0.5)), BF16),
    "minimax-m2-odd": ("minimax-m2", MiniMaxM2Config(
        **sizes(40, 3, 1, 28, 131, 2), head_dim=20, bos_token_id=1, eos_token_id=2, num_local_experts=7,
        num_experts_per_tok=3, rms_norm_eps=1e-6,
        rope_parameters=dict(DEFAULT, partial_rotary_factor=0.6)), F16),
}


def randomize(model, stored):
    """Weights large enough that neither attention nor routing is nearly uniform, rounded to their stored type."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            values = torch.randn(parameter.shape)
            if name.endswith("norm.weight"):
                values = values * 0.2 + 1.0
            elif name.endswith("bias"):
                values = values * 0.3
            elif "embed_tokens" in name:
                values = values * (0.3 if model.config.tie_word_embeddings else 1.0)
            else:
                values = values / math.sqrt(parameter.shape[-1])
                if "q_proj" in name or "k_proj" in name or name.endswith("gate.weight"):
                    values = values * 1.5
            if values.ndim > 1:
                values = values.to(TORCH[stored]).float()
            parameter.copy_(values)
        for name, buffer in model.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.copy_(torch.randn(buffer.shape) * 0.3)


# MARK: Folders

def finish_folder(folder, model, architecture, stored):
    """Gives the weights in `folder` their stored types, and the files what published ones have besides.

    Returns the tensors, by their published names.
    """
    path = folder / "model.safetensors"
    # save_pretrained has them by published names, an expert a matrix. Loaded as a copy, for the file is written anew.
    tensors = {name: value.clone() for name, value in load_file(path).items()}
    assert not any("gate_up_proj" in name for name in tensors), "experts one by one"
    if model.config.tie_word_embeddings:
        tensors.pop("lm_head.weight", None)
    decays = ("slope_rate", "query_decay", "key_decay", "diagonal_decay")
    plain = {name: value for name, value in tensors.items() if not name.endswith(decays)}
    saved = {name: value if value.ndim == 1 else value.to(TORCH[stored]) for name, value in plain.items()}
    config_path = folder / "config.json"
    config = json.loads(config_path.read_text())
    if folder.name == "minimax-regular":
        # Buffers that follow from the configuration are published too.
        saved |= {name: value for name, value in tensors.items() if name not in plain}
    if folder.name == "deepseek-v3-regular":
        # Published files have a layer more, which guesses the token after the next.
        prefix, hidden = f"model.layers.{model.config.num_hidden_layers}.", model.config.hidden_size
        saved[prefix + "eh_proj.weight"] = torch.ones(hidden, 2 * hidden, dtype=TORCH[stored])
        for norm in ("enorm", "hnorm", "shared_head.norm", "input_layernorm"):
            saved[prefix + norm + ".weight"] = torch.ones(hidden)
        config |= {"scoring_func": "sigmoid", "topk_method": "noaux_tc", "moe_layer_freq": 1, "ep_size": 1}
    if folder.name == "minimax-m2-regular":
        # As published: the rotated elements and the base at the top.
        rope = config.pop("rope_parameters")
        config |= {"rotary_dim": 16, "rope_theta": rope["rope_theta"], "scoring_func": "sigmoid",
                   "use_routing_bias": True, "use_qk_norm": True, "qk_norm_type": "per_layer",
                   "attn_type_list": [1] * model.config.num_hidden_layers}
    config_path.write_text(json.dumps(config, indent=2) + "\n")
    save_file({name: value.contiguous() for name, value in saved.items()}, path, metadata={"format": "pt"})
    return plain


# MARK: GGUF

LAYER_NAMES = {
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "self_attn.q_a_proj": "attn_q_a", "self_attn.q_a_layernorm": "attn_q_a_norm", "self_attn.q_b_proj": "attn_q_b",
    "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa", "self_attn.kv_a_layernorm": "attn_kv_a_norm",
    "self_attn.kv_b_proj": "attn_kv_b",
    "self_attn.qkv_proj": "attn_qkv", "self_attn.output_gate": "attn_gate", "self_attn.norm": "attn_norm_2",
    "self_attn.out_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
    "mlp.e_score_correction_bias": "exp_probs_b.bias", "mlp.gate.e_score_correction_bias": "exp_probs_b.bias",
}
EXPERT_PARTS = {"gate_proj": "gate", "up_proj": "up", "down_proj": "down", "w1": "gate", "w3": "up", "w2": "down"}


def gguf_tensors(tensors, config, architecture, splits):
    """Tensors by GGUF's names, experts stacked."""
    names = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
             "lm_head.weight": "output.weight"}
    result, experts = {}, {}
    for name, value in tensors.items():
        if name in names:
            result[names[name]] = value
            continue
        _, _, layer, rest = name.split(".", 3)
        block, rest = f"blk.{layer}.", rest.replace("block_sparse_moe.", "mlp.")
        if rest.startswith("mlp.experts."):
            _, _, index, part, _ = rest.split(".")
            experts.setdefault(block + f"ffn_{EXPERT_PARTS[part]}_exps.weight", {})[int(index)] = value
            continue
        if rest.startswith(("mlp.shared_expert.", "mlp.shared_experts.")):
            result[block + f"ffn_{EXPERT_PARTS[rest.split('.')[2]]}_shexp.weight"] = value
            continue
        if rest in LAYER_NAMES:
            result[block + LAYER_NAMES[rest]] = value
            continue
        stem, suffix = rest.rsplit(".", 1)
        result[block + LAYER_NAMES[stem] + "." + suffix] = value
    for name, values in experts.items():
        assert sorted(values) == list(range(len(values)))
        result[name] = torch.stack([values[i] for i in range(len(values))])
    for name in list(result):
        value = result[name]
        if name.endswith("attn_kv_b.weight") and splits:
            heads = value.view(config.num_attention_heads, -1, config.kv_lora_rank)
            keys, values = heads.split([config.qk_nope_head_dim, config.v_head_dim], dim=1)
            result[name.replace("attn_kv_b", "attn_k_b")] = keys.transpose(1, 2)
            result[name.replace("attn_kv_b", "attn_v_b")] = values
            del result[name]
        elif architecture == "llama" and (".attn_q." in name or ".attn_k." in name):
            half = (config.head_dim or config.hidden_size // config.num_attention_heads) // 2
            result[name] = value.view(-1, 2, half, value.shape[-1]).swapaxes(1, 2).reshape(value.shape)
        elif "ffn_gate_inp_shexp" in name:
            result[name] = value.squeeze(0)
    return result


def set_attention(writer, config, architecture, splits):
    heads = config.num_attention_heads
    writer.add_head_count(heads)
    if architecture != "deepseek2":
        head_dim = getattr(config, "head_dim", None)
        writer.add_head_count_kv(config.num_key_value_heads)
        if head_dim:
            writer.add_key_length(head_dim)
            writer.add_value_length(head_dim)
        rotated = head_dim or config.hidden_size // heads
        if architecture == "minimax-m2":
            rotated = int(rotated * config.rope_parameters["partial_rotary_factor"])
        if architecture in ("llama", "minimax-01", "minimax-m2"):
            writer.add_rope_dimension_count(rotated)
        return
    key_length = config.qk_nope_head_dim + config.qk_rope_head_dim
    if splits:
        writer.add_head_count_kv(1)
        writer.add_key_length(config.kv_lora_rank + config.qk_rope_head_dim)
        writer.add_value_length(config.kv_lora_rank)
        writer.add_key_length_mla(key_length)
        writer.add_value_length_mla(config.v_head_dim)
    else:
        writer.add_head_count_kv(heads)
        writer.add_key_length(key_length)
        writer.add_value_length(config.v_head_dim)
    if config.q_lora_rank:
        writer.add_q_lora_rank(config.q_lora_rank)
    writer.add_kv_lora_rank(config.kv_lora_rank)
    writer.add_rope_dimension_count(config.qk_rope_head_dim)


def set_experts(writer, config, architecture):
    writer.add_expert_count(config.num_experts if hasattr(config, "num_experts") else config.n_routed_experts)
    writer.add_expert_used_count(config.num_experts_per_tok)
    is_sigmoid = architecture == "minimax-m2" or config.model_type == "deepseek_v3"
    if architecture in ("deepseek2", "minimax-m2"):
        writer.add_uint32(f"{architecture}.expert_gating_func", 2 if is_sigmoid else 1)
    if architecture in ("qwen2moe", "qwen3moe", "deepseek2"):
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
        writer.add_expert_weights_norm(config.norm_topk_prob)
    if architecture == "minimax-m2":
        writer.add_expert_feed_forward_length(config.intermediate_size)
    if architecture == "qwen2moe":
        writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)
    if architecture == "deepseek2":
        writer.add_leading_dense_block_count(config.first_k_dense_replace)
        writer.add_expert_shared_count(config.n_shared_experts)
        writer.add_expert_weights_scale(config.routed_scaling_factor)
        if config.n_group:
            writer.add_expert_group_count(config.n_group)
            writer.add_expert_group_used_count(config.topk_group)


def set_lightning(writer, config):
    """Which layers have lightning attention, and the weights of residuals."""
    writer.add_array(
        "minimax-01.attention.recurrent_layers", [kind == "linear_attention" for kind in config.layer_types])
    fields = {"full_attention": "full_attn", "linear_attention": "linear_attn", "feed_forward": "mlp"}
    alphas, betas = ({name: getattr(config, f"{field}_{factor}_factor") for name, field in fields.items()}
                     for factor in ("alpha", "beta"))
    if len(set(alphas.values())) == 1 and set(betas.values()) == {1}:
        writer.add_residual_scale(config.mlp_alpha_factor)
        return
    for name in fields:
        writer.add_float32(f"minimax-01.residual.{name}_alpha", alphas[name])
        writer.add_float32(f"minimax-01.residual.{name}_beta", betas[name])


def write_gguf(path, tensors, config, architecture, stored):
    splits = "regular" in path.name
    writer = GGUFWriter(str(path), architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    set_attention(writer, config, architecture, splits)
    set_experts(writer, config, architecture)
    if architecture == "minimax-01":
        set_lightning(writer, config)
    rope = config.rope_parameters
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] == "yarn":
        writer.add_string(f"{architecture}.rope.scaling.type", "yarn")
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_log_mul(0.1 * rope["mscale_all_dim"])
    for name, value in sorted(gguf_tensors(tensors, config, architecture, splits).items()):
        values = np.ascontiguousarray(value.numpy(), dtype=np.float32)
        if values.ndim == 1 or stored == F32 or "ffn_gate_inp" in name:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, quantize(values, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
