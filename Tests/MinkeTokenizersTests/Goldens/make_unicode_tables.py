"""Writes Sources/MinkeTokenizers/Unicode/UnicodeTables.swift.

Needs: tokenizers==0.23.3 (the classes are asked of its own regular expressions, so that ours agree with it
by construction) and Python's unicodedata for canonical decompositions, kept where `tokenizers` has them too.

    python make_unicode_tables.py > ../../../Sources/MinkeTokenizers/Unicode/UnicodeTables.swift
"""

import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

scalars = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
everything = "".join(map(chr, scalars))


def members(pattern):
    outside = set()
    for piece, _ in pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str(everything):
        outside.update(map(ord, piece))
    return set(scalars) - outside


# The letters that DeepSeek LLM's second split names (first, last).
DEEPSEEK_LETTERS = [
    (0x41, 0x5A), (0x61, 0x7A), (0xB5, 0xB5), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x1BA), (0x1BC, 0x1BF),
    (0x1C4, 0x293), (0x295, 0x2AF), (0x370, 0x373), (0x376, 0x376), (0x377, 0x377), (0x37B, 0x37D), (0x37F, 0x37F),
    (0x386, 0x386), (0x388, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3F5), (0x3F7, 0x481), (0x48A, 0x52F),
    (0x531, 0x556), (0x10A0, 0x10C5), (0x13A0, 0x13F5), (0x13F8, 0x13FD), (0x1C90, 0x1CBA), (0x1CBD, 0x1CBF),
    (0x1D00, 0x1D2B), (0x1D6B, 0x1D77), (0x1D79, 0x1D9A), (0x1E00, 0x1F15), (0x1F18, 0x1F1D), (0x1F20, 0x1F45),
    (0x1F48, 0x1F4D), (0x1F50, 0x1F57), (0x1F59, 0x1F59), (0x1F5B, 0x1F5B), (0x1F5D, 0x1F5D), (0x1F5F, 0x1F7D),
    (0x1F80, 0x1FB4), (0x1FB6, 0x1FBC), (0x1FBE, 0x1FBE), (0x1FC2, 0x1FC4), (0x1FC6, 0x1FCC), (0x1FD0, 0x1FD3),
    (0x1FD6, 0x1FDB), (0x1FE0, 0x1FEC), (0x1FF2, 0x1FF4), (0x1FF6, 0x1FFC), (0x2102, 0x2102), (0x2107, 0x2107),
    (0x210A, 0x2113), (0x2115, 0x2115), (0x2119, 0x211D), (0x2124, 0x2124), (0x2126, 0x2126), (0x2128, 0x2128),
    (0x212A, 0x212D), (0x212F, 0x2134), (0x2139, 0x2139), (0x213C, 0x213F), (0x2145, 0x2149), (0x214E, 0x214E),
    (0x2183, 0x2183), (0x2184, 0x2184), (0x2C00, 0x2C7B), (0x2C7E, 0x2CE4), (0x2CEB, 0x2CEE), (0x2CF2, 0x2CF2),
    (0x2CF3, 0x2CF3), (0xA640, 0xA66D), (0xA680, 0xA69B), (0xA722, 0xA76F), (0xA771, 0xA787), (0xA78B, 0xA78E),
    (0xAB70, 0xABBF), (0xFB00, 0xFB06), (0xFB13, 0xFB17), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A), (0x10400, 0x1044F),
    (0x104B0, 0x104D3), (0x104D8, 0x104FB), (0x10C80, 0x10CB2), (0x10CC0, 0x10CF2), (0x118A0, 0x118DF),
    (0x1E900, 0x1E943),
]


def literal(name, comment, values, out):
    out.append(f"  /// {comment}")
    out.append(f"  static let {name}: [UInt32] = [")
    line = "   "
    for value in values:
        item = f" 0x{value:x},"
        if len(line) + len(item) > 118:
            out.append(line)
            line = "   "
        line += item
    out.append(line)
    out.append("  ]")


def main():
    OTHER, LETTER, MARK, NUMBER, PUNCTUATION, SYMBOL, WHITESPACE, NEW_NUMBER = range(8)
    DEEPSEEK_LETTER, RECOMPOSES, UPPER_SIDE, LOWER_SIDE = 8, 16, 32, 64

    flags = dict.fromkeys(scalars, OTHER)
    for pattern, value in [
        (r"\p{L}+", LETTER), (r"\p{M}+", MARK), (r"\p{N}+", NUMBER), (r"\p{P}+", PUNCTUATION),
        (r"\p{S}+", SYMBOL), (r"\s+", WHITESPACE),
    ]:
        for c in members(pattern):
            assert flags[c] == OTHER
            flags[c] = value
    digits = pre_tokenizers.Digits(individual_digits=True)
    for c in scalars:
        if len(digits.pre_tokenize_str("a" + chr(c) + "a")) == 3 and flags[c] != NUMBER:
            assert flags[c] == OTHER
            flags[c] = NEW_NUMBER
    for first, last in DEEPSEEK_LETTERS:
        for c in range(first, last + 1):
            flags[c] |= DEEPSEEK_LETTER
    # The halves of a word as GPT-4o's splits name them: what has no case is in both.
    letters_and_marks = [c for c in scalars if flags[c] & 7 in (LETTER, MARK)]
    for side, pattern in [
        (UPPER_SIDE, r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"), (LOWER_SIDE, r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"),
    ]:
        for c in members(pattern):
            flags[c] |= side
    assert letters_and_marks == [c for c in scalars if flags[c] & (UPPER_SIDE | LOWER_SIDE)]

    # Canonical composition. Combining classes: those of unicodedata that `tokenizers` observes.
    nfd, nfc = normalizers.NFD().normalize_str, normalizers.NFC().normalize_str
    classes = {}
    for c in scalars:
        value = unicodedata.combining(chr(c))
        if value == 0:
            continue
        other = "\u0345" if value == 1 else "\u0334"  # classes 240 and 1
        moved = nfd("a" + other + chr(c)) != "a" + other + chr(c) or nfd("a" + chr(c) + other) != "a" + chr(c) + other
        if moved or value in (1, 240):
            classes[c] = value
    pairs, compositions = {}, {}
    for c in scalars:
        if 0xAC00 <= c < 0xD7A4 or nfd(chr(c)) == chr(c):
            continue
        parts = [int(p, 16) for p in unicodedata.decomposition(chr(c)).split()]
        assert 1 <= len(parts) <= 2, hex(c)
        pairs[c] = tuple(parts) + (0,) * (2 - len(parts))
        if nfc(chr(c)) == chr(c):
            compositions[pairs[c]] = c
    for c in scalars:
        if nfc(chr(c)) != chr(c) or c in classes:
            flags[c] |= RECOMPOSES
    for _, second in compositions:
        flags[second] |= RECOMPOSES
    for c in list(range(0x1161, 0x1176)) + list(range(0x11A8, 0x11C3)):
        flags[c] |= RECOMPOSES


    ranges, previous = [], None
    for c in scalars:
        if flags[c] != previous:
            ranges.append(c << 8 | flags[c])
            previous = flags[c]
    class_ranges, previous = [], 0
    for c in scalars:
        value = classes.get(c, 0)
        if value != previous:
            class_ranges.append(c << 8 | value)
            previous = value
    triples = []
    for c, (first, second) in sorted(pairs.items()):
        triples += [c | (1 << 31 if compositions.get((first, second)) == c else 0), first, second]

    out = [
        "// Generated by Tests/MinkeTokenizersTests/Goldens/make_unicode_tables.py: change that, not this.",
        f"// Classes: tokenizers {tokenizers.__version__} (Unicode 16). Compositions: its NFC, Unicode 12.",
        "// swift-format-ignore-file",
        "",
        "/// What Unicode says of scalars, as far as tokenisers ask.",
        "enum UnicodeTables {",
    ]
    literal("flags", "Runs of equal flags (`ScalarClass`): first scalar << 8 | flags, ascending.", ranges, out)
    literal("combiningClasses", "Runs of equal canonical combining class: first scalar << 8 | class.", class_ranges, out)
    literal(
        "decompositions",
        "Canonical decompositions in threes: scalar (bit 31: it also recomposes), first, second or 0.", triples, out)
    out.append("}")
    print("\n".join(out))
    print(len(ranges), len(class_ranges), len(triples), file=sys.stderr)


if __name__ == "__main__":
    main()
