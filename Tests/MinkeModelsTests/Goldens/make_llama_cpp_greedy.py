#!/usr/bin/env python3
"""What llama.cpp continues the tiny models with, greedily, from files that `minke convert` has written.

Needs: llama-cpp-python==0.3.36 numpy

    make_llama_cpp_greedy.py MINKE [NAME…]      MINKE is a built command; without names, every folder

Writes greedy.json beside itself: for each model the ids that follow the first 20 tokens of NAME.tokens.bin, and for each
step the difference between the two largest logits. A model that llama.cpp does not read has its message instead.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import llama_cpp
import numpy as np

HERE = pathlib.Path(__file__).parent
PROMPT, STEPS = 20, 16


def main() -> None:
    minke, *names = sys.argv[1:]
    out = HERE / "greedy.json"
    results = json.loads(out.read_text()) if names and out.exists() else {}
    for name in names or sorted(path.name for path in (HERE / "folders").iterdir()):
        results[name] = continuation(minke, name)
        print(name, results[name], flush=True)
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(results.items()))
    out.write_text("{\n" + lines + "\n}\n")


def continuation(minke: str, name: str) -> dict:
    tokens = np.fromfile(HERE / f"{name}.tokens.bin", dtype="<i4")[:PROMPT].tolist()
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/model.gguf"
        subprocess.run([minke, "convert", HERE / "folders" / name, "-o", file], check=True, capture_output=True)
        try:
            model = llama_cpp.Llama(file, n_ctx=64, n_threads=1, logits_all=True, verbose=False)
        except ValueError as error:
            return {"error": str(error).replace(file, "model.gguf")}
        ids, gaps = [], []
        model.eval(tokens)
        while len(ids) < STEPS:
            logits = model.scores[model.n_tokens - 1]
            first, second = np.argsort(-logits, kind="stable")[:2]
            gaps.append(round(float(logits[first] - logits[second]), 4))
            ids.append(int(first))
            model.eval(ids[-1:])
        return {"ids": ids, "gaps": gaps}


if __name__ == "__main__":
    main()
