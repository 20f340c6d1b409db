"""Files made to do harm, each a named case, and which commands may succeed on it."""
import math
import random
import struct

from models import TEMPLATE, bases
from packing import ARRAY, BOOL, F32, I32, STRING, U8, U32, U64


def may(show=True, tokenize=True, run=True, quantize=True):
    return {"show": show, "tokenize": tokenize, "run": run, "quantize": quantize}


def hostile_headers():
    """Headers from bytes. None is valid."""
    def raw(version=3, tensors=0, keys=0, body=b""):
        return b"GGUF" + struct.pack("<IQQ", version, tensors, keys) + body + bytes(64)

    def key(type, body=b"", name=b"k"):
        return raw(keys=1, body=struct.pack("<Q", len(name)) + name + struct.pack("<I", type) + body)

    def array(type, count, body=b""):
        return key(ARRAY, struct.pack("<IQ", type, count) + body)

    def tensor(dimensions, type=0, offset=0, name=b"t"):
        record = struct.pack("<Q", len(name)) + name + struct.pack("<I", len(dimensions))
        return record + struct.pack(f"<{len(dimensions)}QIQ", *dimensions, type, offset)

    def one(*arguments, **options):
        return raw(tensors=1, body=tensor(*arguments, **options)) + bytes(4096)

    huge = 1 << 63
    return {
        "empty": b"", "three-bytes": b"GGU", "magic-only": b"GGUF", "zip": b"PK\3\4" + bytes(99),
        "escape-magic": b"\x1b[2J" + bytes(99), "version-0": raw(0), "version-1": raw(1), "version-4": raw(4),
        "big-endian": raw(0x03000000), "tensors-2^63": raw(tensors=huge), "tensors-2^60": raw(tensors=1 << 60),
        "tensors-minus-1": raw(tensors=2 * huge - 1), "keys-2^63": raw(keys=huge), "keys-2^60": raw(keys=1 << 60),
        "keys-minus-1": raw(keys=2 * huge - 1), "key-empty": key(U8, name=b""),
        "key-65536": key(U8, name=b"k" * 65536), "key-not-utf8": key(U8, name=b"\xc3("),
        "key-past-end": raw(keys=1, body=struct.pack("<Q", 1 << 40)),
        "key-twice": raw(keys=2, body=2 * struct.pack("<Q1sIB", 1, b"k", U8, 1)),
        "value-type-13": key(13), "value-type-max": key(0xFFFFFFFF), "bool-2": key(BOOL, b"\2"),
        "string-past-end": key(STRING, struct.pack("<Q", 65)), "string-2^63": key(STRING, struct.pack("<Q", huge)),
        "string-minus-1": key(STRING, struct.pack("<Q", 2 * huge - 1)),
        "string-not-utf8": key(STRING, struct.pack("<Q", 1) + b"\xff"),
        "array-type-13": array(13, 1), "array-2^63": array(U8, huge), "array-2^61-u64": array(U64, 1 << 61),
        "array-2^62-f32": array(F32, 1 << 62), "array-past-end": array(U8, 65), "strings-2^60": array(STRING, 1 << 60),
        "strings-past-end": array(STRING, 2, struct.pack("<QQ", 0, 65)),
        "strings-minus-8": array(STRING, 2, struct.pack("<Q", 2 * huge - 8)),
        "arrays-deep": array(ARRAY, 1, 10_000 * struct.pack("<IQ", ARRAY, 1)),
        "arrays-2^60": array(ARRAY, 1 << 60), "arrays-many": array(ARRAY, 500_000, bytes(6_000_000)),
        **{f"alignment-{n}": key(U32, struct.pack("<I", n), b"general.alignment")
           for n in (0, 1, 3, 48, 1 << 31, (1 << 32) - 1)},
        "alignment-text": key(STRING, struct.pack("<Q2s", 2, b"32"), b"general.alignment"),
        "rank-0": one([]), "rank-5": one([1] * 5), "dimension-0": one([4, 0]), "dimension-2^63": one([huge]),
        "dimension-minus-1": one([4, 2 * huge - 1]), "product-2^64": one([1 << 32, 1 << 32]),
        "product-wraps": one([0x5555555555555555, 3, 3, 3]), "bytes-2^63": one([1 << 61]),
        "half-a-block": one([48, 2], 2), "offset-unaligned": one([8], 0, 16),
        "offset-minus-32": one([8], 0, 2 * huge - 32), "end-2^63": one([1 << 20], 0, huge - (1 << 20)),
        "tensor-name-empty": one([8], name=b""), "tensor-name-65": one([8], name=b"t" * 65),
        "tensor-name-escape": one([8], 0, 16, name=b"\x1b[2J\n"),
        "tensor-twice": raw(tensors=2, body=tensor([8]) + tensor([8], 0, 32)) + bytes(256),
        "tensors-overlap": raw(tensors=2, body=tensor([8]) + tensor([8], name=b"u")) + bytes(256),
    }


def hostile_hyper_parameters(name, base):
    """Every hyper-parameter of a wrong type, absent, or of a value that no model has. None can run."""
    a = base.keys["general.architecture"][1]
    integers = [k for k, (t, _) in base.keys.items() if k.startswith(a + ".") and t == U32]
    optional = {f"{a}.attention.head_count_kv", f"{a}.rope.dimension_count", f"{a}.vocab_size",
                f"{a}.attention.key_length", f"{a}.attention.value_length", f"{a}.attention.sliding_window",
                f"{a}.rope.freq_base"}
    for key, (type, _) in base.keys.items():
        if not key.startswith(a + "."):
            continue
        values = {"text": (STRING, "7"), "list": (ARRAY, (STRING, ["7"]))}
        if key in integers:
            values |= {"zero": (U32, 0), "negative": (I32, -1), "2^32-1": (U32, (1 << 32) - 1),
                       "2^63": (U64, 1 << 63), "float": (F32, 2.0)}
        else:
            values |= {"nan": (F32, math.nan), "negative": (F32, -1.0), "infinite": (F32, math.inf),
                       "integer": (U32, 1)}
        if key not in optional:
            values["absent"] = None
        for what, value in values.items():
            model = base.copy()
            if value is None:
                del model.keys[key]
            else:
                model.keys[key] = value
            # A long context, a wide window or no window is odd, not impossible; so is the size of the
            # vocabulary, which the tokens say as well.
            odd = (key.endswith("vocab_size") or (key.endswith("context_length") and what == "2^32-1")
                   or (key.endswith("sliding_window") and what in ("zero", "2^32-1")))
            yield f"{name}-{key.removeprefix(a + '.')}-{what}", model, may(run=odd)


def hostile_tokenizers(name, base):
    """Vocabularies and their keys. Those that cannot be a tokenizer must be refused by `tokenize` too."""
    tokens = base.keys["tokenizer.ggml.tokens"][1][1]

    def change(what, key, value, **allowed):
        model = base.copy()
        model.keys.pop(key, None)
        if value is not None:
            model.keys[key] = value
        return f"{name}-{what}", model, may(**allowed)

    prefix = "tokenizer.ggml."
    no = {"tokenize": False, "run": False}
    yield change("no-tokens", prefix + "tokens", None, **no)
    yield change("zero-tokens", prefix + "tokens", (ARRAY, (STRING, [])), **no)
    yield change("tokens-text", prefix + "tokens", (STRING, "abc"), **no)
    yield change("tokens-integers", prefix + "tokens", (ARRAY, (I32, [1, 2])), **no)
    yield change("tokens-nested", prefix + "tokens", (ARRAY, (ARRAY, [(STRING, ["a"])])), **no)
    yield change("tokens-one", prefix + "tokens", (ARRAY, (STRING, ["a"])), **no)
    yield change("no-model", prefix + "model", None, **no)
    yield change("model-integer", prefix + "model", (U32, 1), **no)
    yield change("model-unknown", prefix + "model", (STRING, "\x1b[2J\n"), **no)
    yield change("pre-unknown", prefix + "pre", (STRING, "no-such\n\x1b"), run=True)
    yield change("pre-integer", prefix + "pre", (U32, 1), **no)
    evil = ["<0x-1>", "<0xZZ>", "<0x100>", "<0x>", "<0xFFFFFFFFFFFFFFFF>", "<0x 1>", "", "\0", "▁" * 1000,
            b"\xff\xfe", "\n", "Ā" * 70_000, "\u202e", "<0x41", "hi", "hi"]
    yield change("tokens-evil", prefix + "tokens", (ARRAY, (STRING, tokens[:-len(evil)] + evil)))
    yield change("tokens-evil-first", prefix + "tokens", (ARRAY, (STRING, evil + tokens[len(evil):])))
    yield change("tokens-all-equal", prefix + "tokens", (ARRAY, (STRING, ["a"] * len(tokens))))
    yield change("tokens-all-empty", prefix + "tokens", (ARRAY, (STRING, [""] * len(tokens))))
    kinds = base.keys[prefix + "token_type"][1][1]
    yield change("types-short", prefix + "token_type", (ARRAY, (I32, kinds[:-1])), **no)
    yield change("types-long", prefix + "token_type", (ARRAY, (I32, kinds + [1])), **no)
    yield change("types-text", prefix + "token_type", (ARRAY, (STRING, ["1"] * len(kinds))), **no)
    for value in (-1, 0, 7, 1 << 30, -(1 << 31)):
        yield change(f"types-all-{value}", prefix + "token_type", (ARRAY, (I32, [value] * len(kinds))))
    for kind, what in ((6, "bytes"), (3, "control"), (4, "user-defined")):
        yield change(f"types-all-{what}", prefix + "token_type", (ARRAY, (I32, [kind] * len(kinds))))
    for key in ("bos_token_id", "eos_token_id", "unknown_token_id", "padding_token_id"):
        for value, what in (((U32, (1 << 32) - 1), "2^32-1"), ((I32, -1), "minus-1"), ((STRING, "1"), "text"),
                            ((U64, (1 << 64) - 1), "2^64-1"), ((U32, len(tokens)), "one-too-many")):
            yield change(f"{key}-{what}", prefix + key, value)
    yield change("add-bos-integer", prefix + "add_bos_token", (U32, 1), **no)
    if prefix + "scores" in base.keys:
        scores = base.keys[prefix + "scores"][1][1]
        yield change("scores-short", prefix + "scores", (ARRAY, (F32, scores[:-1])), **no)
        yield change("scores-text", prefix + "scores", (ARRAY, (STRING, ["1"] * len(scores))), **no)
        yield change("scores-nan", prefix + "scores", (ARRAY, (F32, [math.nan] * len(scores))))
        yield change("scores-infinite", prefix + "scores", (ARRAY, (F32, [math.inf] * len(scores))))
    if prefix + "merges" in base.keys:
        yield change("no-merges", prefix + "merges", None)
        yield change("merges-text", prefix + "merges", (STRING, "h i"), **no)
        yield change("merges-integers", prefix + "merges", (ARRAY, (I32, [1])), **no)
        evil = ["hi", "", " ", "  ", "h ", " i", "h i j", b"\xff \xfe", "no such", "h i", "h i", "\0 \0"]
        yield change("merges-evil", prefix + "merges", (ARRAY, (STRING, evil)))
        yield change("merges-many", prefix + "merges", (ARRAY, (STRING, ["h i"] * 300_000)))


def hostile_templates(name, base):
    templates = {
        "integer": (U32, 1), "list": (ARRAY, (STRING, [TEMPLATE])),
        "unclosed": (STRING, "{% for m in messages %}"), "syntax": (STRING, "{{ 1 + }}"), "brace": (STRING, "{{"),
        "endless": (STRING, "{% for a in range(999999999) %}{% for b in range(999999999) %}{% endfor %}{% endfor %}"),
        "large": (STRING, "{% for a in range(999999999) %}aaaaaaaaaaaaaaaaaaaa{% endfor %}"),
        "repeat": (STRING, "{{ 'a' * 99999999999 }}"), "power": (STRING, "{{ 9 ** 9 ** 9 }}"),
        "recursion": (STRING, "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"),
        "nested": (STRING, "{{ " + "(" * 100_000 + ")" * 100_000 + " }}"),
        "nested-lists": (STRING, "{{ " + "[" * 100_000 + " }}"), "nots": (STRING, "{{ " + "not " * 100_000 + "1 }}"),
        "ifs": (STRING, "{% if 1 %}" * 50_000), "divide": (STRING, "{{ 1 // 0 }}"),
        "escape": (STRING, "{{ ''.__class__.__mro__[1].__subclasses__() }}"),
        "raise": (STRING, "{{ raise_exception('\x1b[2Jno\nno') }}"), "undefined": (STRING, "{{ a.b.c }}"),
        "doubling": (STRING, "{% set n = namespace(a='aa') %}{% for i in range(60) %}{% set n.a = n.a + n.a %}{% endfor %}{{ n.a }}"),
    }
    for what, value in templates.items():
        model = base.copy()
        model.keys["tokenizer.chat_template"] = value
        yield f"{name}-template-{what}", model, may(run=False)


def hostile_weights(name, base):
    source = random.Random(9)
    for tensor in [t for t in base.tensors if t.startswith("blk.0.") or "." not in t.removesuffix(".weight")]:
        dimensions, type, data = base.tensors[tensor]
        changes = {"absent": None, "narrow": ([24], "F32", bytes(96)),
                   "tall": (dimensions[:1] + [3], "F32", bytes(12 * dimensions[0])),
                   "deep": (dimensions + [1] * (3 - len(dimensions)) + [2], type, data * 2)}
        for what, value in changes.items():
            model = base.copy()
            if value is None:
                del model.tensors[tensor]
            else:
                model.tensors[tensor] = value
            # Models without biases on queries, keys and values exist.
            optional = what == "absent" and tensor.endswith(".bias")
            yield f"{name}-{tensor}-{what}", model, may(run=optional)
        model = base.copy()
        model.tensors[tensor] = (dimensions, type, b"\xff" * len(data))
        yield f"{name}-{tensor}-nan", model, may()
        model = base.copy()
        model.tensors[tensor] = (dimensions, type, source.randbytes(len(data)))
        yield f"{name}-{tensor}-noise", model, may()
    unknown = base.copy()
    unknown.keys["general.architecture"] = (STRING, "no\nsuch\x1b[2J")
    yield f"{name}-architecture-unknown", unknown, may(run=False)
    wrong = base.copy()
    wrong.keys["general.architecture"] = (U32, 7)
    yield f"{name}-architecture-integer", wrong, may(run=False)
    none = base.copy()
    none.tensors = {}
    yield f"{name}-no-tensors", none, may(run=False, quantize=False)


def hostile():
    for name, data in hostile_headers().items():
        yield f"header-{name}", data, may(False, False, False, False)
    for name, base in bases().items():
        yield f"valid-{name}", bytes(base.pack().bytes), "must succeed"
        makers = [hostile_hyper_parameters, hostile_tokenizers] if name != "qwen2" else []
        makers += [hostile_templates] if name == "llama" else []
        makers += [hostile_weights] if name != "llama" else []
        for maker in makers:
            for case, model, allowed in maker(name, base):
                yield case, bytes(model.pack().bytes), allowed
