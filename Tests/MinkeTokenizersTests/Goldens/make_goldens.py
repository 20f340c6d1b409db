"""Writes byte-level.json and sentencepiece.json: tiny vocabularies, and what the reference makes of texts with them.

Needs: tokenizers==0.23.3 transformers==5.23.0 sentencepiece==0.2.3
"""

import io
import json

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers.models.gemma.tokenization_gemma import GemmaTokenizer
from transformers.models.llama.tokenization_llama import LlamaTokenizer
from transformers.tokenization_utils_base import generate_merges

from corpus import BROKEN, CASED, CASED_POOLS, TEXTS, fuzz
from make_unicode_tables import DEEPSEEK_LETTERS

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN35 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK_V3 = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
    "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
LETTERS = "".join(chr(a) if a == b else f"{chr(a)}-{chr(b)}" for a, b in DEEPSEEK_LETTERS)


def isolated(*patterns):
    return [pre_tokenizers.Split(Regex(p), "isolated") for p in patterns]


digits = [pre_tokenizers.Digits(individual_digits=True)]
plain = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
words = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
FAMILIES = {
    "gpt-2": (None, words),
    "smollm": (None, digits + words),
    "qwen2": (normalizers.NFC(), isolated(LLAMA3.replace("{1,3}", "")) + plain),
    "qwen35": (normalizers.NFC(), isolated(QWEN35) + plain),
    "llama-bpe": (None, isolated(LLAMA3) + plain),
    "deepseek-llm": (
        None,
        isolated("[\r\n]", f"\\s?[{LETTERS}]+", "\\s?[!-/:-~！-／：-～‘-‟　-。]+", "\\s+$", CJK) + digits + plain,
    ),
    "deepseek-coder": (None, isolated("[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK) + digits + plain),
    "deepseek-v3": (
        None, isolated("\\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+", DEEPSEEK_V3) + plain,
    ),
    "gpt-4o": (None, isolated(GPT4O) + plain),
}
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<｜User｜>"]
USER_DEFINED = ["<think>", "</think>", "<thinker"]
TRAINING = [t for t in TEXTS if "<|" not in t and "<｜" not in t] * 2 + fuzz(1, 400)


def byte_level():
    base = Tokenizer(models.BPE())
    # Merges reach across what the families split, so that every split shows in the identifiers.
    base.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(".{1,9}\n?|\n"), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=1100, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    base.train_from_iterator(TRAINING, trainer)
    model = json.loads(base.to_str())["model"]
    vocab, merges = model["vocab"], [tuple(m) for m in model["merges"]]
    for token in ["Ġzebra", "123", "æ·±åº¦", "dontsplit", "\u0109\u0109\u0109x"]:  # reached only where merges are ignored
        vocab.setdefault(token, len(vocab))
    texts = TEXTS + fuzz(2, 260) + CASED + fuzz(4, 160, longest=12, pools=CASED_POOLS)
    out = {"texts": texts, "broken": BROKEN, "families": {}}
    for name, (normalizer, split) in FAMILIES.items():
        tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=name == "llama-bpe"))
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
        tokenizer.decoder = decoders.ByteLevel()
        normalized = [tokenizer.normalizer.normalize_str(t) if normalizer else t for t in texts]
        record = {
            # Lengths in bytes: byte-level pieces have a character for each byte.
            "pieces": [[len(p) for p, _ in tokenizer.pre_tokenizer.pre_tokenize_str(t)] for t in normalized],
            "ids": [tokenizer.encode(t).ids for t in texts],
            "broken": [tokenizer.encode(bytes.fromhex(b).decode("utf-8", "replace")).ids for b in BROKEN],
        }
        tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in SPECIAL])
        tokenizer.add_tokens([AddedToken(t, normalized=False) for t in USER_DEFINED])
        special = [t for t in texts if "<" in t]
        record["parse"] = [tokenizer.encode(t).ids for t in special]
        tokenizer.encode_special_tokens = True
        record["asText"] = [tokenizer.encode(t).ids for t in special]
        record["decoded"] = [tokenizer.decode(ids, skip_special_tokens=True) for ids in record["parse"]]
        record["decodedAll"] = [tokenizer.decode(ids, skip_special_tokens=False) for ids in record["parse"]]
        out["families"][name] = record
    spelled = sorted(vocab, key=vocab.get)
    out.update(
        tokens=spelled, merges=[" ".join(m) for m in merges], special=SPECIAL, userDefined=USER_DEFINED,
        specialTexts=[i for i, t in enumerate(texts) if "<" in t],
    )
    return out


def sentence_piece():
    spaces = [" " * n for n in range(2, 6)]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t.replace("\x00", "") for t in TRAINING if t.strip()]), model_writer=model, vocab_size=1200,
        model_type="bpe", byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity",
        remove_extra_whitespaces=False, add_dummy_prefix=False, user_defined_symbols=["<think>", "</think>", "\n", "\n\n"],
        control_symbols=["<|im_start|>", "<|im_end|>"], minloglevel=2, allow_whitespace_only_pieces=True,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokens, scores, types = [], [], []
    for index in range(pieces.get_piece_size()):
        token = pieces.id_to_piece(index)
        kind = (
            2 if pieces.is_unknown(index) else 3 if pieces.is_control(index) else 6 if pieces.is_byte(index)
            else 4 if token in ("<think>", "</think>", "\n", "\n\n") else 1
        )
        tokens.append(token)
        scores.append(pieces.get_score(index))
        types.append(kind)
    texts = [t for t in TEXTS + fuzz(3, 260) if "\x00" not in t]
    out = {"texts": texts, "broken": BROKEN, "tokens": tokens, "scores": scores, "types": types, "kinds": {}}
    vocab = {t: i for i, t in enumerate(tokens)}
    mergeable = {t: i for t, i in vocab.items() if types[i] in (1, 4)}
    merges = generate_merges(mergeable, dict(zip(tokens, scores)))
    special = [AddedToken(t, normalized=False, special=True) for t, k in zip(tokens, types) if k in (2, 3)]
    user = [AddedToken(t, normalized=False, special=False) for t, k in zip(tokens, types) if k == 4]
    for kind, cls in [("gemma", GemmaTokenizer), ("llama", LlamaTokenizer)]:
        if kind == "gemma":
            wrapper = cls(vocab=vocab, merges=merges, bos_token="<s>", eos_token="</s>", pad_token="<unk>", mask_token="<unk>")
        else:
            wrapper = cls(vocab=vocab, merges=merges, add_prefix_space=True)
        backend = wrapper.backend_tokenizer
        backend.add_special_tokens(special)
        backend.add_tokens(user)
        encode = lambda t: backend.encode(t, add_special_tokens=False).ids
        backend.encode_special_tokens = False
        record = {"parse": [encode(t) for t in texts]}
        record["broken"] = [encode(bytes.fromhex(b).decode("utf-8", "replace")) for b in BROKEN]
        record["decoded"] = [backend.decode(i, skip_special_tokens=True) for i in record["parse"]]
        backend.encode_special_tokens = True
        record["asText"] = [encode(t) for t in texts]
        out["kinds"][kind] = record
    own = [pieces.encode(t) for t in texts]
    differ = [t for t, a, b in zip(texts, own, out["kinds"]["gemma"]["asText"]) if a != b]
    print("sentencepiece itself differs from the package's conversion on", len(differ), "of", len(texts))
    for t in differ[:12]: print(repr(t)[:150])
    out["sentencepiece"] = own
    return out


if __name__ == "__main__":
    for name, make in [("byte-level", byte_level), ("sentencepiece", sentence_piece)]:
        with open(f"{name}.json", "w") as file:
            json.dump(make(), file, ensure_ascii=True, separators=(",", ":"))
