"""A peer's worker: loads a model once, then answers one JSON request a line with one JSON reply a line.

    worker.py llama_cpp|openvino_genai MODEL THREADS

Requests: {"kind": "prefill" | "decode", "prompt": …, "generate": …, "depth": …, "batch": …, "seed": …}.
Replies: {"tokens": …, "seconds": …} or {"error": …}. What the peer itself prints goes to standard error.
"""
import json
import os
import random
import sys


def engine(name: str, model: str, threads: int):
    """The peer's model, ready to compute. Imports only the one that is wanted."""
    if name == "llama_cpp":
        from llama_peer import LlamaCpp

        return LlamaCpp(model, threads)
    from openvino_peer import OpenVINO

    return OpenVINO(model, threads)


def own_output():
    """A stream for the replies; standard output, which libraries write to, becomes standard error."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return replies


def main() -> None:
    replies = own_output()

    def reply(answer):
        print(json.dumps(answer), file=replies, flush=True)

    name, model, threads = sys.argv[1:]
    try:
        peer = engine(name, model, int(threads))
    except Exception as error:
        return reply({"error": message(error)})
    reply({})
    for line in sys.stdin:
        request = json.loads(line)
        # Fresh ids each time, so that no cache of prefixes can answer.
        draw = random.Random(request.pop("seed"))
        measure = {"prefill": peer.prefill, "decode": peer.decode}[request.pop("kind")]
        try:
            tokens, seconds = measure(draw=draw, **request)
            reply({"tokens": tokens, "seconds": seconds})
        except Exception as error:
            reply({"error": message(error)})


def message(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


if __name__ == "__main__":
    main()
