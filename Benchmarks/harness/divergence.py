"""How far engines' logits are from float32 arithmetic on the same dequantised weights.

The reference is `transformers`, with the weights put into it as `Scripts/make-reference-goldens.py` does. Text and
protocol are those of that script too: consecutive chunks of 512 tokens, of which the second half is scored.
"""
import json
import math
import subprocess
import sys
from importlib import util
from pathlib import Path

import numpy
import torch

from .environment import BENCHMARKS, REPOSITORY
from .text import text_path

BLOCK = 32  # Rows compared at once.


def reference_script():
    """`Scripts/make-reference-goldens.py` as a module."""
    specification = util.spec_from_file_location(
        "make_reference_goldens", REPOSITORY / "Scripts" / "make-reference-goldens.py")
    module = util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


class Divergence:
    """What is known of an engine's rows so far."""

    def __init__(self):
        self.parts = []  # KL(reference ‖ engine) of each position, nats: float64 tensors
        self.agreed = 0  # positions with the same likeliest token
        self.loss = 0.0  # −Σ log p of the text's tokens, nats

    def add(self, expected: torch.Tensor, logits: torch.Tensor, targets: torch.Tensor) -> None:
        """Rows of log-probabilities of the reference, in float64, and of logits of the engine: [positions, vocabulary]."""
        found = torch.log_softmax(logits.double(), dim=-1)
        self.parts.append(torch.sum(expected.exp() * (expected - found), dim=-1))
        self.agreed += int((expected.argmax(-1) == found.argmax(-1)).sum())
        self.loss -= found.gather(1, targets[:, None]).sum().item()

    def summary(self, peer: "Divergence") -> dict:
        """Means over the positions, and how much more than a peer's the divergence is, with the standard error of that."""
        positions = torch.cat(self.parts)
        excess = positions - torch.cat(peer.parts)
        return {
            "tokens": len(positions),
            "mean_divergence": positions.mean().item(),
            "excess": excess.mean().item(),
            "excess_error": excess.std().item() / len(positions) ** 0.5,
            "same_top_token": self.agreed / len(positions),
            "perplexity": math.exp(self.loss / len(positions)),
        }


class Source:
    """A process that writes logits, row after row, on its standard output."""

    def __init__(self, name: str, command: list, input: str = ""):
        self.name = name
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(input.encode())
        self.process.stdin.close()

    def rows(self, count: int, width: int) -> torch.Tensor:
        data = self.process.stdout.read(count * width * 4)
        if len(data) != count * width * 4:
            raise SystemExit(f"{self.name} wrote too few logits: see above")
        return torch.from_numpy(numpy.frombuffer(bytearray(data), "<f4").reshape(count, width))

    def close(self) -> None:
        self.process.stdout.read()
        if self.process.wait() != 0:
            raise SystemExit(f"{self.name} ended with status {self.process.returncode}: see above")


@torch.inference_mode()
def measure(command, path: Path, chunks: int, threads: int, progress) -> dict:
    """{engine: summary} of one model file, the reference among them."""
    script = reference_script()
    torch.set_num_threads(threads)
    context, text = script.CONTEXT, text_path()
    file = script.Checkpoint(path)
    bos, encode = script.make_encoder(file)
    ids = encode(text.read_text())[:chunks * context]
    if command.ids(path, text.read_text(), "--no-special", "--add-special")[:len(ids)] != ids:
        raise SystemExit("Minke and `tokenizers` read the text as different tokens")
    parts = [ids[start:start + context] for start in range(0, len(ids), context)]
    if bos is not None:
        parts = [[bos, *part[1:]] for part in parts]

    model = script.make_model(file)
    sources = [
        Source("Minke", [
            command.path, "perplexity", path, text, "--context-size", context, "--chunks", chunks,
            "--threads", threads, "--logits", "/dev/stdout"]),
        Source("llama.cpp", [
            sys.executable, BENCHMARKS / "peers" / "llama_logits.py", path, threads, context // 2], json.dumps(parts)),
    ]
    results = {name: Divergence() for name in ("float32", *(source.name for source in sources))}
    for number, part in enumerate(parts):
        progress(f"chunk {number + 1} of {chunks}")
        scored = slice(context // 2, context - 1)
        logits = model(torch.tensor([part]), use_cache=False).logits[0, scored]
        targets = torch.tensor(part[scored.start + 1:])
        for begin in range(0, len(targets), BLOCK):
            rows = slice(begin, begin + BLOCK)
            expected = torch.log_softmax(logits[rows].double(), dim=-1)
            results["float32"].add(expected, logits[rows], targets[rows])
            for source in sources:
                results[source.name].add(expected, source.rows(*expected.shape), targets[rows])
    for source in sources:
        source.close()
    return {name: result.summary(results["llama.cpp"]) for name, result in results.items()}
