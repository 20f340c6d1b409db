"""Writes a tokenizer.json for each way of tokenising here, as its makers publish it, and ids.json: what it makes of a corpus.

Needs: tokenizers==0.23.3 transformers==5.23.0 sentencepiece==0.2.3
    python make_folder_goldens.py

All byte-level ones have one small vocabulary; what they prepare text with is that of the families in
MinkeTokenizersTests/Goldens/make_goldens.py. The folders have no weights: tests add an embedding.
"""

import io
import json
import pathlib
import sys

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here.parent.parent.parent / "MinkeTokenizersTests" / "Goldens"))

import sentencepiece  # noqa: E402
from corpus import TEXTS, fuzz  # noqa: E402
from make_goldens import FAMILIES, SPECIAL, TRAINING, USER_DEFINED  # noqa: E402
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers  # noqa: E402
from transformers import GemmaTokenizer, LlamaTokenizer  # noqa: E402
from transformers.tokenization_utils_base import generate_merges  # noqa: E402


def record(folder, tokenizer, texts):
    (here / folder).mkdir(exist_ok=True)
    path = here / folder / "tokenizer.json"
    tokenizer.save(str(path), pretty=False)
    tokenizer = Tokenizer.from_file(str(path))

    def ids(text):
        return tokenizer.encode(text, add_special_tokens=False).ids

    tokenizer.encode_special_tokens = False
    out = {"parse": [ids(text) for text in texts], "withSpecial": tokenizer.encode("a").ids}
    tokenizer.encode_special_tokens = True
    out["asText"] = [ids(text) for text in texts]
    return out


def byte_level(texts):
    base = Tokenizer(models.BPE())
    base.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(".{1,9}\n?|\n"), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
    base.train_from_iterator(TRAINING, trainers.BpeTrainer(
        vocab_size=560, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    model = json.loads(base.to_str())["model"]
    vocabulary, merges = model["vocab"], [tuple(merge) for merge in model["merges"]]
    for token in ["123", "dontsplit"]:  # reached only where merges are ignored
        vocabulary.setdefault(token, len(vocabulary))
    out = {}
    for name, (normalizer, split) in FAMILIES.items():
        tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=name == "llama-bpe"))
        if normalizer:
            tokenizer.normalizer = normalizer
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(split)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in SPECIAL])
        tokenizer.add_tokens([AddedToken(t, normalized=False) for t in USER_DEFINED])
        if name == "llama-bpe":
            tokenizer.post_processor = processors.TemplateProcessing(
                single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", tokenizer.token_to_id("<|endoftext|>"))])
        out[name] = record(name, tokenizer, texts)
    return out


def sentence_piece(texts):
    model = io.BytesIO()
    user = ["<think>", "</think>", "\n", "\n\n"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([t.replace("\x00", "") for t in TRAINING if t.strip()]), model_writer=model,
        vocab_size=1100, model_type="bpe", byte_fallback=True, character_coverage=0.98,
        normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=False,
        user_defined_symbols=user, control_symbols=["<|im_start|>", "<|im_end|>"], minloglevel=2,
        allow_whitespace_only_pieces=True)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    tokens = [pieces.id_to_piece(i) for i in range(pieces.get_piece_size())]
    special = [t for i, t in enumerate(tokens) if pieces.is_unknown(i) or pieces.is_control(i)]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    scores = {token: pieces.get_score(i) for i, token in enumerate(tokens)}
    mergeable = {t: i for t, i in vocabulary.items() if not (pieces.is_byte(i) or t in special)}
    merges = generate_merges(mergeable, scores)
    out = {}
    for name, kind, options in [
        ("gemma", GemmaTokenizer, dict(bos_token="<s>", eos_token="</s>", pad_token="<unk>", mask_token="<unk>")),
        ("llama", LlamaTokenizer, dict(add_prefix_space=True)),
    ]:
        backend = kind(vocab=vocabulary, merges=merges, **options).backend_tokenizer
        backend.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in special])
        backend.add_tokens([AddedToken(t, normalized=False, special=False) for t in user])
        out[name] = record(name, backend, texts)
    return out


def main():
    texts = [text for text in TEXTS + fuzz(7, 60) if "\x00" not in text]
    models = {**byte_level(texts), **sentence_piece(texts)}
    out = {"texts": texts, "models": models}
    (here / "ids.json").write_text(json.dumps(out, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
