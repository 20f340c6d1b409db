"""Models quantised by Minke and by llama.cpp from the same floats, all read by Minke."""
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import gguf
import gguf.quants
import numpy

from . import child, float_source
from .environment import BENCHMARKS, cache
from .minke import Command
from .models import Model
from .text import text_path
from .workloads import CONTEXT as ROOM, QUESTION

CONTEXT = 512
SCORED = CONTEXT - 1 - CONTEXT // 2  # tokens of a chunk
TOKENS = 8  # of the greedy answer that both engines write


class Comparison:
    def __init__(self, command: Command, chunks: int, threads: int, with_importance: bool):
        self.command, self.chunks, self.threads = command, chunks, threads
        self.with_importance = with_importance
        self.folder = cache() / "quantizers"
        self.folder.mkdir(exist_ok=True)
        # What is deleted at the end.
        self.scratch = tempfile.TemporaryDirectory(dir=self.folder)

    def measure(self, result: dict, model: Model, seed: int, types: list, progress) -> None:
        """Fills in a run, as `quantizer_report` describes it, type by type."""
        source = self.folder / f"{model.name.replace(':', '-')}-{seed}.f32.gguf"
        if not source.exists():
            progress("making the floats")
            float_source.write(model.file(self.command), source, seed)
        progress("reading with the floats")
        importance = self.importance(source)
        exact = Predictions(self, source)
        result |= {
            "bytes": source.stat().st_size, "perplexity": exact.perplexity, "tokens": self.chunks * SCORED, "types": {}}
        for kind in types:
            progress(kind)
            result["types"][kind] = self.compare(source, kind, importance, exact)
        exact.close()

    def compare(self, source: Path, kind: str, importance: Path, exact: "Predictions") -> dict:
        ours, theirs = (Path(self.scratch.name) / f"{name}-{kind}.gguf" for name in ("ours", "theirs"))
        weighted = [importance] if self.with_importance else []
        commands = {
            "Minke": (ours, [self.command.path, "quantize", source, ours, kind, "--force", "--threads", self.threads,
                             *(word for path in weighted for word in ("--imatrix", path))]),
            "llama.cpp": (theirs, [sys.executable, BENCHMARKS / "peers" / "llama_quantize.py", source, theirs, kind,
                                   self.threads, *weighted]),
        }
        row = {}
        for name, (file, words) in commands.items():
            done = child.run(words).checked(f"{name}, quantising to {kind}")
            row[name] = {"bytes": file.stat().st_size, "seconds": done.seconds, **exact.compare(file)}
        row["other_types"] = differing_types(ours, theirs)
        row["product_error"] = product_error(source, importance, ours, theirs)
        row["tokens"], row["same_tokens"] = TOKENS, self.same_tokens(ours)
        for file in (ours, theirs):
            file.unlink()
        return row

    def same_tokens(self, file: Path) -> int:
        """How many of the first tokens of llama.cpp's greedy answer Minke writes too, from the same file."""
        ids = self.command.question_ids(file)
        done = child.run([sys.executable, BENCHMARKS / "peers" / "llama_greedy.py", file, self.threads, TOKENS,
                          json.dumps(ids)]).checked("llama.cpp")
        theirs = json.loads(done.output)
        done = child.run([self.command.path, "run", file, QUESTION, "--max-tokens", TOKENS, "--temperature", 0,
                          "--context-size", ROOM, "--threads", self.threads, "--json", "--no-pack-cache"])
        ours = self.command.ids(file, json.loads(done.output)["answer"], "--no-special")
        same = 0
        while same < min(len(ours), len(theirs)) and ours[same] == theirs[same]:
            same += 1
        # An answer that ended early in both is the same to its end.
        return TOKENS if same == len(ours) == len(theirs) else same

    def importance(self, source: Path) -> Path:
        """Of the end of the text, whose beginning is measured."""
        text = text_path().read_text()
        part = Path(self.scratch.name) / "importance.txt"
        part.write_text(text[len(text) // 2:])
        path = Path(self.scratch.name) / "importance.gguf"
        child.run([self.command.path, "imatrix", source, part, "-o", path, "--force", "--no-pack-cache",
                   "--threads", self.threads, "--chunks", 8]).checked("minke imatrix")
        return path


class Predictions:
    """What the floats predict, and how far other files are from it."""

    def __init__(self, comparison: Comparison, source: Path):
        self.comparison = comparison
        self.path = Path(comparison.scratch.name) / "logits.f32"
        with open(self.path, "wb") as out:
            for row in self.logits(source):
                out.write(row.tobytes())
        self.width = len(row)
        self.perplexity = self.found

    def logits(self, file: Path):
        """Rows of logits of the scored positions; `found` is the perplexity afterwards."""
        command = self.comparison.command.path
        width = next(int(tensor.shape[1]) for tensor in gguf.GGUFReader(file).tensors if tensor.name == "token_embd.weight")
        process = subprocess.Popen(
            [str(word) for word in (
                command, "perplexity", file, text_path(), "--context-size", CONTEXT, "--chunks",
                self.comparison.chunks, "--threads", self.comparison.threads, "--logits", "/dev/stderr",
                "--no-pack-cache", "--json")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(self.comparison.chunks * SCORED):
            data = process.stderr.read(4 * width)
            if len(data) != 4 * width:
                raise SystemExit(f"minke perplexity: {data[-300:].decode(errors='replace')}")
            yield numpy.frombuffer(data, "<f4")
        output = process.stdout.read()
        if process.wait() != 0:
            raise SystemExit(f"minke perplexity ended with status {process.returncode}")
        self.found = json.loads(output)["perplexity"]

    def compare(self, file: Path) -> dict:
        """The perplexity of a file, and the mean KL divergence of its predictions from the floats', in nats."""
        expected = numpy.memmap(self.path, "<f4", "r").reshape(-1, self.width)
        total = sum(divergence(p, q) for p, q in zip(expected, self.logits(file), strict=True))
        return {"perplexity": self.found, "divergence": total / len(expected)}

    def close(self) -> None:
        self.path.unlink()


def divergence(expected: numpy.ndarray, found: numpy.ndarray) -> float:
    """KL(expected ‖ found) of two rows of logits."""
    top, other = expected.max(), found.max()
    p = numpy.exp(expected - top, dtype=numpy.float32)
    norm = p.sum(dtype=numpy.float64)
    shift = math.log(numpy.exp(found - other).sum(dtype=numpy.float64)) + float(other) - math.log(norm) - float(top)
    return float((p * (expected - found)).sum(dtype=numpy.float64) / norm) + shift


def product_error(source: Path, importance: Path, ours: Path, theirs: Path) -> float:
    """The squared errors of products, Minke's over llama.cpp's: the geometric mean over matrices of what errors of weights
    do to products with activations of the measured mean squares. Every eighth row is looked at."""
    def tensors(path: Path) -> dict:
        return {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}

    exact, squares, left, right = (tensors(path) for path in (source, importance, ours, theirs))
    ratios = []
    for name, tensor in exact.items():
        if f"{name}.in_sum2" not in squares or left[name].tensor_type != right[name].tensor_type:
            continue
        columns = int(tensor.shape[0])
        weights = squares[f"{name}.in_sum2"].data.reshape(columns).astype(numpy.float64)
        rows = tensor.data.reshape(-1, columns)[::8]
        errors = []
        for found in (left[name], right[name]):
            data = found.data.reshape(-1, found.data.shape[-1])[::8]
            difference = gguf.quants.dequantize(data, found.tensor_type) - rows
            errors.append(float((numpy.square(difference, dtype=numpy.float64) @ weights).sum()))
        if min(errors) > 0:
            ratios.append(math.log(errors[0] / errors[1]))
    return math.exp(sum(ratios) / len(ratios))


def differing_types(ours: Path, theirs: Path) -> list:
    """Tensors that have another type or shape in one of two files.

    Where rows are too narrow for Q2_K and Q3_K, Minke takes IQ4_NL and llama.cpp Q4_0, which is of the same size.
    """
    def types(path: Path) -> dict:
        return {
            tensor.name: (tensor.tensor_type.name, [int(n) for n in tensor.shape])
            for tensor in gguf.GGUFReader(path).tensors
        }

    left, right = types(ours), types(theirs)
    return [
        f"{name}: {left.get(name)}, {right.get(name)}" for name in left | right
        if left.get(name) != right.get(name) and (left.get(name, "?")[0], right.get(name, "?")[0]) != ("IQ4_NL", "Q4_0")
    ]
