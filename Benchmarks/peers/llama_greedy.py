"""llama.cpp's greedy continuation of a list of token ids, as a JSON list of ids.

    llama_greedy.py MODEL THREADS COUNT IDS
"""
import json
import sys

from worker import engine, own_output


def main() -> None:
    replies = own_output()
    model, threads, count, ids = sys.argv[1:]
    found = engine("llama_cpp", model, int(threads)).greedy(json.loads(ids), int(count))
    print(json.dumps(found), file=replies, flush=True)


if __name__ == "__main__":
    main()
