#!/usr/bin/env python3
"""Writes regex.json: regular expressions, and texts that Python's `re` matches as a whole or does not.

Expressions and texts are made from a seed; `re.ASCII` makes \\d and \\w what they are in ECMA-262.
"""

import json
import pathlib
import random
import re

SEED = 20
EXPRESSIONS = 150
TEXTS = 12

WRITTEN = [
    r"^abc$", r"a|bc|", r"(?:ab)*c+?", r"[a-c]{2,3}", r"[^a-c]", r"[\]\-x^]", r"\d{3}-\d{4}", r"\w+@\w+\.com",
    r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])", r"a{,3}", r"x{2", r"\x41\u00e9", r"[é-ü]+", r"日本?", r".{3}",
    r"(a|b)*abb", r"((a*)*)*b", r"(a?){5}a{5}", r"^(?:a|^b)$", r"\.\*\+\?\(\)\[\]\{\}\|\\\/\^\$", r"[.]+", r"[\d\s]*",
    r"\D\W\S", r"a??b", r"[a\-z]", r"[-a]", r"[a-]", r"\t\n\r\f\v\0", r"[\x00-\x1f]",
]


def expression(source, depth=0):
    kind = source.random()
    if depth > 3 or kind < 0.35:
        return source.choice(["a", "b", "c", "é", "日", "[ab]", "[^a]", "[b-d]", r"\d", r"\w", r"\S", "0", "-"])
    if kind < 0.6:
        return "".join(expression(source, depth + 1) for _ in range(source.randint(1, 4)))
    if kind < 0.8:
        return "(?:" + "|".join(expression(source, depth + 1) for _ in range(source.randint(1, 3))) + ")"
    body = expression(source, depth + 1)
    body = body if re.fullmatch(r".|\\.|\[[^]]*\]|\(\?:[^()]*\)", body) else f"(?:{body})"
    return body + source.choice(["*", "+", "?", "{2}", "{1,}", "{0,2}", "{2,3}", "*?"])


def texts(source, pattern):
    alphabet = "abcd0-é日 \n"
    found = set()
    for _ in range(400):
        found.add("".join(source.choice(alphabet) for _ in range(source.randint(0, 7))))
    # Parts of the expression itself are close to what it matches.
    for _ in range(100):
        start = source.randrange(len(pattern) + 1)
        found.add(pattern[start:start + source.randint(0, 6)])
    matched = sorted(text for text in found if re.fullmatch(pattern, text, re.ASCII))
    others = sorted(found - set(matched))
    source.shuffle(matched)
    source.shuffle(others)
    return sorted(matched[:TEXTS // 2]), sorted(others[:TEXTS // 2])


def main():
    source = random.Random(SEED)
    patterns = WRITTEN + [expression(source) for _ in range(EXPRESSIONS)]
    cases = []
    for pattern in dict.fromkeys(patterns):
        if pattern in ("a{,3}",):  # Python has it as a quantifier, ECMA-262 does not.
            continue
        matched, others = texts(source, pattern)
        cases.append({"pattern": pattern, "matched": matched, "others": others})
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    pathlib.Path(__file__).with_name("regex.json").write_text(f"[\n{lines}\n]\n")


main()
