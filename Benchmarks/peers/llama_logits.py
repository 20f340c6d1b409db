"""llama.cpp's logits of the second half of each chunk of tokens.

    llama_logits.py MODEL THREADS FIRST < chunks.json

Writes positions FIRST to the last but one of each chunk to standard output, as float32, row after row.
"""
import json
import sys

from worker import engine, own_output


def main() -> None:
    replies = own_output()
    output = replies.buffer
    model, threads, first = sys.argv[1:]
    peer = engine("llama_cpp", model, int(threads))
    for chunk in json.load(sys.stdin):
        for row in peer.logits(chunk, int(first)):
            output.write(row.tobytes())
    output.flush()


if __name__ == "__main__":
    main()
