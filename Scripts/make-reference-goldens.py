#!/usr/bin/env python3
"""Reference results of the three real models, in float32 arithmetic on the dequantised weights.

Needs: transformers==5.23.0 torch==2.15.0 tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0 numpy

    make-reference-goldens.py NAME MODEL.gguf TEXT OUT.json [--threads N]

TEXT is `docutils-0.21.2/docs/ref/rst/restructuredtext.txt` of the source distribution of
docutils 0.21.2 (public domain), whose digests are checked and recorded below.

The weights are dequantised with the `gguf` package and put into a model of `transformers`; the
configuration is read from the GGUF metadata. Token ids come from `tokenizers` (byte-level BPE) or
`sentencepiece` built from the vocabulary in the file, so that the ids do not depend on Minke.

Written, in JSON:

- `text`: where the text is from; `ids`: the first `chunks * context` token ids (BOS first when the
  model adds it) and their SHA-256 as little-endian 32-bit integers.
- `perplexity`: as `llama-perplexity` defines it. The ids are cut into consecutive chunks of
  `context` ids; when the model adds a BOS, the first id of each chunk is replaced by it. In each
  chunk, positions context/2 … context-2 predict their successors: context - 1 - context/2 tokens
  are scored. `nll` is the sum over a chunk of -log p, in nats; perplexity is
  exp(sum of nll / tokens).
- `greedy`: for each prompt (ids given) the ids of the greedy continuation, up to and including the
  first end-of-text token, and for each step the difference between the largest and the second
  largest logit: a step whose gap is small is a near-tie, from which on other arithmetic may differ.
- `embeddings`: of some texts, from the final norm of every token.
- `logits`: the 20 largest logits (ids and values) after each prompt, with log-sum-exp, mean and
  standard deviation over the whole vocabulary.
"""
import argparse
import hashlib
import json
import math

import numpy as np
import torch
from gguf import GGUFReader, MODEL_ARCH, get_tensor_name_map
from gguf.quants import dequantize

TEXT = {
    "package": "docutils==0.21.2",
    "sdist": "docutils-0.21.2.tar.gz",
    "sdist_sha256": "3a6b18732edf182daa3cd12775bbb338cf5691468f91eeeb109deff6ebfa986f",
    "member": "docutils-0.21.2/docs/ref/rst/restructuredtext.txt",
    "licence": "public domain",
}
CONTEXT, CHUNKS, STEPS, TOP = 512, 8, 64, 20

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

USER = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
CHAT = "<|im_start|>system\n{}<|im_end|>\n" + USER
PROMPTS = {
    "llama": [
        CHAT.format("You are a helpful AI assistant named SmolLM, trained by Hugging Face",
                    "What is the capital of France?"),
        CHAT.format("You are a helpful AI assistant named SmolLM, trained by Hugging Face",
                    "Explain in three sentences why the sky is blue."),
        "The minke whale is the second smallest baleen whale. It",
        "def fibonacci(n):\n",
        USER.format("What is the capital of France?"),
        CHAT.format("You are a helpful assistant.", "What is the capital of France?"),
    ],
    "qwen2": [
        CHAT.format("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
                    "What is the capital of France?"),
        CHAT.format("You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
                    "Write a Swift function that reverses a string."),
        "The minke whale is the second smallest baleen whale. It",
        "def fibonacci(n):\n",
    ],
    "gemma3": [
        "The capital of France is",
        "The minke whale is the second smallest baleen whale. It",
        "Once upon a time, in a village by the sea,",
        "def fibonacci(n):\n",
    ],
}

SENTENCES = [
    "The ship sails on the sea.",
    "A boat goes over the ocean.",
    "Integrals are linear functionals, and derivatives are linear operators.",
]


class Checkpoint:
    """A GGUF file: metadata values by key, tensors dequantised on demand."""

    def __init__(self, path):
        self.reader = GGUFReader(path)
        self.architecture = self["general.architecture"]
        self.tensors = {tensor.name: tensor for tensor in self.reader.tensors}

    def __getitem__(self, key):
        return self.reader.fields[key].contents()

    def get(self, key, default=None):
        return self[key] if key in self.reader.fields else default

    def hyper(self, key, default=None):
        return self.get(f"{self.architecture}.{key}", default)

    def tensor(self, name):
        stored = self.tensors[name]
        return dequantize(stored.data, stored.tensor_type).astype(np.float32)


def make_config(file):
    from transformers import Gemma3TextConfig, LlamaConfig, Qwen2Config

    heads = file.hyper("attention.head_count")
    common = dict(
        vocab_size=file.tensors["token_embd.weight"].shape[1].item(),
        hidden_size=file.hyper("embedding_length"),
        intermediate_size=file.hyper("feed_forward_length"),
        num_hidden_layers=file.hyper("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=file.hyper("attention.head_count_kv"),
        head_dim=file.hyper("attention.key_length", file.hyper("embedding_length") // heads),
        rms_norm_eps=file.hyper("attention.layer_norm_rms_epsilon"),
        max_position_embeddings=file.hyper("context_length"),
        tie_word_embeddings="output.weight" not in file.tensors,
        attn_implementation="eager",
    )
    theta = file.hyper("rope.freq_base")
    default = {"rope_type": "default", "rope_theta": theta}
    assert file.hyper("rope.scaling.type") is None
    match file.architecture:
        case "llama":
            return LlamaConfig(**common, rope_parameters=default)
        case "qwen2":
            return Qwen2Config(**common, rope_parameters=default)
        case "gemma3":
            return Gemma3TextConfig(
                **common,
                query_pre_attn_scalar=common["head_dim"],
                sliding_window=file.hyper("attention.sliding_window"),
                sliding_window_pattern=6,
                rope_parameters={
                    "full_attention": default,
                    "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
                },
            )
        case other:
            raise SystemExit(f"no reference configuration for {other}")


def make_model(file):
    from transformers import AutoModelForCausalLM

    config = make_config(file)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    arch = {"llama": MODEL_ARCH.LLAMA, "qwen2": MODEL_ARCH.QWEN2, "gemma3": MODEL_ARCH.GEMMA3}
    names = get_tensor_name_map(arch[file.architecture], config.num_hidden_layers)
    unused = set(file.tensors)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            gguf_name = names.get_name(name, try_suffixes=(".weight", ".bias"))
            values = file.tensor(gguf_name)
            unused.discard(gguf_name)
            if file.architecture == "llama" and (".attn_q." in gguf_name or ".attn_k." in gguf_name):
                # GGUF keeps rotated pairs side by side; transformers keeps them half a head apart.
                pairs = values.reshape(-1, config.head_dim // 2, 2, values.shape[-1])
                values = pairs.swapaxes(1, 2).reshape(values.shape)
            if file.architecture == "gemma3" and gguf_name.endswith("norm.weight"):
                values = values - 1  # GGUF folds the 1 of (1 + w) in.
            assert tuple(parameter.shape) == values.shape, (name, parameter.shape, values.shape)
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
    assert not unused, f"tensors that no parameter took: {sorted(unused)}"
    return model.eval()


def make_encoder(file):
    """Text → ids with special tokens parsed, BOS added when the model wants it."""
    bos = file["tokenizer.ggml.bos_token_id"] if file.get("tokenizer.ggml.add_bos_token") else None
    tokens, types = file["tokenizer.ggml.tokens"], file["tokenizer.ggml.token_type"]
    kind = file["tokenizer.ggml.model"]
    if kind == "gpt2":
        encode = byte_level_bpe(file, tokens, types)
    elif kind == "llama":
        encode = sentencepiece_model(file, tokens, types)
    else:
        raise SystemExit(f"no reference tokenizer for {kind}")
    return bos, lambda text: ([] if bos is None else [bos]) + encode(text)


def byte_level_bpe(file, tokens, types):
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

    merges = [tuple(merge.split(" ", 1)) for merge in file["tokenizer.ggml.merges"]]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    match file["tokenizer.ggml.pre"]:
        case "smollm":
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ])
        case "qwen2":
            tokenizer.normalizer = normalizers.NFC()
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
                pre_tokenizers.Split(Regex(QWEN2_SPLIT), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ])
        case other:
            raise SystemExit(f"no reference pre-tokenizer for {other}")
    special = [token for token, kind in zip(tokens, types) if kind in (3, 4)]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    assert tokenizer.get_vocab_size() == len(tokens)
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def sentencepiece_model(file, tokens, types):
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2 as pb

    model = pb.ModelProto()
    for token, score, kind in zip(tokens, file["tokenizer.ggml.scores"], types):
        piece = model.pieces.add()
        # GGUF spells user-defined runs of spaces with spaces; sentencepiece compares them escaped.
        piece.piece, piece.score, piece.type = token.replace(" ", "\u2581"), score, kind
    model.trainer_spec.model_type = pb.TrainerSpec.BPE
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.unk_id = file["tokenizer.ggml.unknown_token_id"]
    model.trainer_spec.bos_id = file["tokenizer.ggml.bos_token_id"]
    model.trainer_spec.eos_id = file["tokenizer.ggml.eos_token_id"]
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = file.get("tokenizer.ggml.add_space_prefix", True)
    model.normalizer_spec.remove_extra_whitespaces = False
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
    return lambda text: processor.encode(text)


@torch.inference_mode()
def perplexity(model, ids, bos):
    first = CONTEXT // 2
    sums = []
    for start in range(0, CHUNKS * CONTEXT, CONTEXT):
        chunk = list(ids[start:start + CONTEXT])
        if bos is not None:
            chunk[0] = bos
        logits = model(torch.tensor([chunk]), use_cache=False).logits[0].double()
        log_probabilities = torch.log_softmax(logits[first:CONTEXT - 1], dim=-1)
        targets = torch.tensor(chunk[first + 1:])
        sums.append(-log_probabilities.gather(1, targets[:, None]).sum().item())
        count = (CONTEXT - 1 - first) * len(sums)
        print(f"  chunk {len(sums)}: perplexity so far {math.exp(sum(sums) / count):.4f}", flush=True)
    return {
        "context": CONTEXT,
        "chunks": CHUNKS,
        "tokens": count,
        "nll": [round(value, 6) for value in sums],
        "perplexity": math.exp(sum(sums) / count),
    }


@torch.inference_mode()
def continue_greedily(model, prompt, ends):
    from transformers import DynamicCache

    cache, ids, gaps, first = DynamicCache(config=model.config), [], [], None
    step = torch.tensor([prompt])
    while len(ids) < STEPS and not (ids and ids[-1] in ends):
        logits = model(step, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[0, -1]
        first = logits if first is None else first
        top = torch.topk(logits, 2)
        ids.append(top.indices[0].item())
        gaps.append(round((top.values[0] - top.values[1]).item(), 4))
        step = torch.tensor([[ids[-1]]])
    top = torch.topk(first, TOP)
    summary = {
        "ids": top.indices.tolist(),
        "values": [round(value, 5) for value in top.values.tolist()],
        "log_sum_exp": torch.logsumexp(first.double(), 0).item(),
        "mean": first.double().mean().item(),
        "standard_deviation": first.double().std().item(),
    }
    return ids, gaps, summary, first.numpy()


@torch.inference_mode()
def embeddings(model, encode):
    """For each pooling: the cosine of every two texts' vectors, and the first numbers of each vector of length 1."""
    hidden = [model.model(torch.tensor([encode(text)])).last_hidden_state[0].double() for text in SENTENCES]
    result = []
    for name, pool in [("mean", lambda rows: rows.mean(0)), ("last", lambda rows: rows[-1]), ("cls", lambda rows: rows[0])]:
        vectors = torch.nn.functional.normalize(torch.stack([pool(rows) for rows in hidden]), dim=-1)
        result.append({
            "pooling": name,
            "cosines": [[round(value, 5) for value in row] for row in (vectors @ vectors.T).tolist()],
            "beginnings": [[round(value, 5) for value in row] for row in vectors[:, :8].tolist()],
        })
    return {"texts": SENTENCES, "poolings": result}


def digest(ids):
    return hashlib.sha256(np.asarray(ids, dtype="<i4").tobytes()).hexdigest()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("name")
    arguments.add_argument("model")
    arguments.add_argument("text")
    arguments.add_argument("out")
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--dump", help="also write all logits after each prompt to this .npy")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)

    with open(options.text, "rb") as source:
        data = source.read()
    with open(options.model, "rb") as source:
        model_digest = hashlib.file_digest(source, "sha256").hexdigest()
    file = Checkpoint(options.model)
    bos, encode = make_encoder(file)
    ids = encode(data.decode("utf-8"))[:CHUNKS * CONTEXT]
    model = make_model(file)
    ends = {file["tokenizer.ggml.eos_token_id"]}

    greedy, logits, dumps = [], [], []
    for text in PROMPTS[file.architecture]:
        prompt = encode(text)
        continuation, gaps, summary, all_logits = continue_greedily(model, prompt, ends)
        print(f"  {text!r} {continuation} least gap {min(gaps)}", flush=True)
        greedy.append({"text": text, "prompt": prompt, "ids": continuation, "gaps": gaps})
        logits.append(summary)
        dumps.append(all_logits)
    if options.dump:
        np.save(options.dump, np.stack(dumps))
    result = {
        "model": {"name": options.name, "sha256": model_digest},
        "text": dict(TEXT, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)),
        "bos": bos,
        "ids": {"sha256": digest(ids), "values": ids},
        "perplexity": perplexity(model, ids, bos),
        "greedy": greedy,
        "logits": logits,
        "embeddings": embeddings(model, encode),
    }
    with open(options.out, "w") as out:
        out.write(one_line_a_leaf(result) + "\n")


def one_line_a_leaf(value, indent=""):
    """JSON with objects and arrays of objects indented, arrays of numbers on one line."""
    inner = indent + " "
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(key)}: {one_line_a_leaf(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + "\n" + indent + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(inner + one_line_a_leaf(item, inner) for item in value) + "\n" + indent + "]"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
