"""From nothing to the first token with a peer's Python binding.

    cold.py llama_cpp|openvino_genai MODEL THREADS CONTEXT < ids.json

Prints {"seconds": …, "imported_bytes": …, "text": …}: the time of loading and of the first token without that of
Python and its imports, and the memory resident when loading begins.
"""
import json
import resource
import sys
import time

from worker import engine, own_output


def main() -> None:
    replies = own_output()
    name, model, threads, context = sys.argv[1:]
    ids = json.load(sys.stdin)
    if name == "llama_cpp":
        import llama_peer  # noqa: F401
    else:
        import openvino_peer  # noqa: F401
    imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    start = time.perf_counter()
    text = engine(name, model, int(threads)).first_token(ids, int(context))
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "imported_bytes": imported, "text": text}), file=replies)


if __name__ == "__main__":
    main()
