"""What is measured of each model."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    """A speed in tokens a second.

    Prefill reads `prompt` tokens after `depth` others; decode writes `generate` tokens in each of `batch`
    sequences, one after the other, after `depth` others in each.
    """

    name: str
    title: str
    kind: str  # "prefill" or "decode"
    prompt: int
    generate: int
    depth: int = 0
    batch: int = 1
    # Minke answers whole conversations through its engine, sampling included; the peers compute the same batches.
    engine: bool = False

    unit = "tokens/s"
    larger_is_better = True


@dataclass(frozen=True)
class Start:
    """What a new process costs until the first token of an answer."""

    name: str
    title: str
    unit: str
    larger_is_better = False


PREFILL = Workload("prefill", "prefill 512", "prefill", prompt=512, generate=128)
DECODE = Workload("decode", "decode 128", "decode", prompt=512, generate=128)
CROWD = Workload("crowd", "decode, 16 sequences", "decode", prompt=0, generate=32, batch=16)
ENGINE = Workload(
    "engine", "16 conversations, engine", "decode", prompt=0, generate=64, batch=16, engine=True)
DEEP_PREFILL = Workload("deep-prefill", "prefill 512 at depth 4,096", "prefill", prompt=512, generate=128, depth=4096)
DEEP_DECODE = Workload("deep-decode", "decode 128 at depth 4,096", "decode", prompt=512, generate=128, depth=4096)
FIRST_TOKEN = Start("first-token", "cold process to first token", "s")
MEMORY = Start("memory", "peak memory of that process", "MB")

TESTS = {test.name: test for test in (PREFILL, DECODE, CROWD, ENGINE, DEEP_PREFILL, DEEP_DECODE, FIRST_TOKEN, MEMORY)}

# Workloads that Minke measures in one process; the peers measure them in the same turn.
GROUPS = [(PREFILL, DECODE), (CROWD,), (ENGINE,), (DEEP_PREFILL, DEEP_DECODE)]

# The context that a cold process makes room for.
CONTEXT = 4096
QUESTION = "What is the capital of France?"
