"""Minke's command: built, asked for models and tokens, measured."""
import json
import os
import subprocess
from pathlib import Path

from . import child
from .environment import REPOSITORY
from .report import OURS
from .workloads import CONTEXT, QUESTION, Workload


def build() -> Path:
    """The release build of the command in this checkout."""
    for extra in ([], ["--show-bin-path"]):
        done = subprocess.run(
            ["swift", "build", "-c", "release", "--product", "minke", *extra], cwd=REPOSITORY,
            stdout=subprocess.PIPE if extra else None, text=True)
        if done.returncode != 0:
            raise SystemExit("swift could not build minke: see above")
    return Path(done.stdout.strip()) / "minke"


class Command:
    """The built command, and what it says about models."""

    def __init__(self, path: Path):
        self.path = Path(path).resolve()

    def json(self, *words, input: str = "") -> dict:
        done = child.run([self.path, *words, "--json"], input).checked(f"minke {words[0]}")
        return json.loads(done.output)

    def model_path(self, name: str) -> Path:
        """The file of a model of the catalogue, fetched if it is not here yet."""
        if not self.json("show", name)["fetched"]:
            # Any command that reads the model fetches it, and shows how far it is.
            done = subprocess.run([self.path, "tokenize", name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            if done.returncode != 0:
                raise SystemExit(f"minke could not fetch {name}: see above")
        return Path(self.json("show", name)["path"])

    def ids(self, model: Path, text: str, *options: str) -> list:
        return self.json("tokenize", model, *options, input=text)["ids"]

    def question_ids(self, model: Path) -> list:
        """What the model reads when `minke run` is asked `QUESTION`, so that the peers read the same."""
        message = json.dumps([{"role": "user", "content": QUESTION}])
        rendered = child.run([self.path, "render", model, "--messages", "-"], message)
        text = rendered.output if rendered.status == 0 else QUESTION
        return self.ids(model, text, *([] if rendered.status == 0 else ["--add-special"]))


class Engine:
    """Minke as one of the engines compared: a process a turn, as `minke bench` measures itself."""

    name = OURS

    def __init__(self, command: Command, model: Path, threads: int):
        self.command, self.model, self.threads = command, model, threads

    def measure(self, group: tuple, seed: int) -> list:
        first: Workload = group[0]
        if first.engine:
            return [self.conversations(workload) for workload in group]
        report = self.command.json(
            "bench", self.model, "--prompt", first.prompt, "--generate", first.generate, "--depth", first.depth,
            "--batch", first.batch, "--threads", self.threads, "--repetitions", 1)
        return [speed(report, workload) for workload in group]

    def conversations(self, workload: Workload) -> float:
        """Tokens a second of so many conversations at once through the engine."""
        report = self.command.json(
            "bench", self.model, "--engine", "--only", "conversations", "--generate", workload.generate,
            "--threads", self.threads, "--repetitions", 1)
        result = report["results"][0]
        if result["conversations"] != workload.batch:
            raise RuntimeError(f"minke bench --engine has {result['conversations']} conversations; expected {workload.batch}")
        return result["engine_tokens_per_second"]

    def start(self) -> tuple:
        """Seconds and bytes of a process that answers one token."""
        done = child.run([
            self.command.path, "run", self.model, QUESTION, "--max-tokens", 1, "--temperature", 0,
            "--context-size", CONTEXT, "--threads", self.threads, "--json",
        ])
        # The status is 1 where one token makes no answer, such as a line break or a part of a character.
        if not done.output or json.loads(done.output)["usage"]["completion_tokens"] != 1:
            done.checked("minke run")
            raise RuntimeError("minke run wrote no token")
        return done.seconds, done.peak_bytes

    def used_seconds(self) -> float:
        return 0  # No process is left after a turn.

    def close(self) -> None:
        pass


def speed(report: dict, workload: Workload) -> float:
    """Tokens a second of a workload in what `minke bench --json` prints."""
    for result in report["results"]:
        wanted = {"test": workload.kind, "depth": workload.depth, "batch": workload.batch}
        if all(result[key] == value for key, value in wanted.items()):
            return result["tokens_per_second"]
    raise RuntimeError(f"minke bench reports no {workload.title}")


def available_threads() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
