"""A peer as one of the engines compared: a worker process that loads the model once and waits idle between turns."""
import json
import subprocess
import sys
from pathlib import Path

from . import child, load
from .environment import BENCHMARKS, cache
from .workloads import CONTEXT

PEERS = {"llama.cpp": "llama_cpp", "OpenVINO GenAI": "openvino_genai"}
PACKAGES = {"llama.cpp": "llama-cpp-python", "OpenVINO GenAI": "openvino-genai"}


class Refused(Exception):
    """The peer cannot do this; the message is its own."""


class Peer:
    def __init__(self, name: str, model: Path, threads: int, question: list):
        self.name, self.question = name, question
        self.words = [PEERS[name], str(model), str(threads)]
        self.log = cache() / f"{PEERS[name]}.log"
        self.worker = None

    def load(self) -> None:
        """Starts the worker.

        - Raises: Refused when it cannot load the model.
        """
        with open(self.log, "w") as log:
            self.worker = subprocess.Popen(
                [sys.executable, BENCHMARKS / "peers" / "worker.py", *self.words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        self.reply()

    def measure(self, group: tuple, seed: int) -> list:
        if self.worker is None:
            self.load()
        return [self.speed(workload, seed) for workload in group]

    def speed(self, workload, seed: int) -> float:
        request = {
            "kind": workload.kind, "prompt": workload.prompt, "generate": workload.generate,
            "depth": workload.depth, "batch": workload.batch, "seed": seed,
        }
        self.worker.stdin.write(json.dumps(request) + "\n")
        self.worker.stdin.flush()
        answer = self.reply()
        return answer["tokens"] / answer["seconds"]

    def reply(self) -> dict:
        line = self.worker.stdout.readline()
        if not line:
            status = self.worker.wait()
            self.worker = None
            raise Refused(f"it ended with status {status}: {child.last_line(self.log.read_text(errors='replace'))}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def start(self) -> tuple:
        """Seconds and bytes that a small Python program needs for one token, less what Python itself needs.

        The clock starts after the imports, and the memory resident by then is not counted.
        """
        done = child.run(
            [sys.executable, BENCHMARKS / "peers" / "cold.py", *self.words, CONTEXT],
            json.dumps(self.question))
        if done.status != 0:
            raise Refused(child.last_line(done.errors))
        inside = json.loads(done.output)
        return inside["seconds"], done.peak_bytes - inside["imported_bytes"]

    def used_seconds(self) -> float:
        """Processor time that the worker has used so far."""
        return load.process_seconds(self.worker.pid) if self.worker else 0

    def close(self) -> None:
        if self.worker:
            self.worker.stdin.close()
            self.worker.wait()
            self.worker = None
