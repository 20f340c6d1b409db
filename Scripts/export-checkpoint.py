#!/usr/bin/env python3
"""Writes a GGUF file's model as a folder in Hugging Face layout: weights in float32, tokenizer, chat template.

Needs: transformers==5.23.0 torch==2.15.0 accelerate tokenizers==0.23.3 gguf==0.19.0

    Scripts/export-checkpoint.py model.gguf FOLDER

For comparing what Minke makes of the folder with what it makes of the file (Scripts/dequantize-gguf.py). The weights are
dequantised by the gguf package. The tokenizer of byte-level vocabularies is put together as its makers publish it, since
transformers' reading of a GGUF leaves out digits and normal forms; that of Gemma is transformers' reading.
"""
import json
import os
import sys
import tempfile

import torch
from gguf import GGUFReader
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def byte_level(reader):
    def value(key, default=None):
        return reader.fields[key].contents() if key in reader.fields else default

    tokens, types = value("tokenizer.ggml.tokens"), value("tokenizer.ggml.token_type")
    merges = [tuple(merge.split(" ")) for merge in value("tokenizer.ggml.merges")]
    added = {i for i, kind in enumerate(types) if kind in (3, 4)}
    # As published: what is added is not in the vocabulary, unless it is its first part.
    vocabulary = {
        token: i for i, token in enumerate(tokens)
        if types[i] != 5 and (i not in added or i < len(tokens) - len(added))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    if value("tokenizer.ggml.pre") == "smollm":
        split = [pre_tokenizers.Digits(individual_digits=True),
                 pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    elif value("tokenizer.ggml.pre") in ("qwen2", "deepseek-r1-qwen"):
        tokenizer.normalizer = normalizers.NFC()
        split = [pre_tokenizers.Split(Regex(QWEN2), "isolated"),
                 pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    else:
        raise SystemExit(f"no pre-tokenizer for {value('tokenizer.ggml.pre')}")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_tokens([
        AddedToken(tokens[i], normalized=False, special=types[i] == 3) for i in sorted(added)])
    for i, token in enumerate(tokens):
        assert types[i] == 5 or tokenizer.token_to_id(token) == i, (i, token)
    named = {}
    for name in ("bos", "eos", "unknown", "padding"):
        identifier = value(f"tokenizer.ggml.{name}_token_id")
        if identifier is not None:
            named[{"unknown": "unk", "padding": "pad"}.get(name, name) + "_token"] = tokens[identifier]
    wrapper = PreTrainedTokenizerFast(tokenizer_object=tokenizer, **named)
    wrapper.chat_template = value("tokenizer.chat_template")
    return wrapper


def main(source, target):
    with tempfile.TemporaryDirectory() as folder:
        # transformers goes by the name, which a file of a store does not have.
        name = "model.gguf"
        os.symlink(os.path.realpath(source), os.path.join(folder, name))
        export(folder, name, target)


def export(folder, name, target):
    reader = GGUFReader(os.path.join(folder, name))
    read = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    # What came from a GGUF counts as quantised, and is not saved.
    read.config.__dict__.pop("quantization_config", None)
    model = AutoModelForCausalLM.from_config(read.config, dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(target, max_shard_size="400MB")
    if reader.fields["tokenizer.ggml.model"].contents() == "gpt2":
        tokenizer = byte_level(reader)
    else:
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    tokenizer.save_pretrained(target)
    print(json.dumps(sorted(os.listdir(target))))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
