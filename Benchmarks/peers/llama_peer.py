"""llama.cpp through the low-level functions of `llama-cpp-python`, measured as its own `llama-bench` and
`llama-batched-bench` do: random ids, physical batches of 512, flash attention as it chooses, no sampling."""
import ctypes
import time

import llama_cpp
import numpy

LOGICAL, PHYSICAL = 2048, 512  # n_batch, n_ubatch: llama.cpp's defaults.

messages = []


@llama_cpp.llama_log_callback
def listen(level, text, _):
    if level >= 3:  # Warnings and errors.
        messages.append(text.decode(errors="replace").strip())


llama_cpp.llama_log_set(listen, ctypes.c_void_p(0))


class LlamaCpp:
    def __init__(self, path: str, threads: int):
        self.threads = threads
        llama_cpp.llama_backend_init()
        parameters = llama_cpp.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), parameters)
        if not self.model:
            raise RuntimeError(messages[0] if messages else "the model could not be loaded")
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.size = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self.context, self.shape, self.filled = None, None, 0
        self.batch = llama_cpp.llama_batch_init(LOGICAL, 0, 1)

    def prefill(self, prompt, generate, depth, batch, draw):
        self.prepare(depth, prompt + generate, 1, draw)
        ids = self.ids(prompt, draw)
        start = time.perf_counter()
        self.read(ids, depth)
        return prompt, self.since(start)

    def decode(self, prompt, generate, depth, batch, draw):
        self.prepare(depth, prompt + generate, batch, draw)
        rows = [self.ids(batch, draw) for _ in range(generate)]
        start = time.perf_counter()
        for step, row in enumerate(rows):
            self.step([(token, depth + step, sequence, True) for sequence, token in enumerate(row)])
            llama_cpp.llama_synchronize(self.context)
        return generate * batch, self.since(start)

    def first_token(self, ids, context):
        self.open(context, 1)
        self.read(ids, 0)
        best = int(self.row(-1).argmax())
        piece = ctypes.create_string_buffer(64)
        length = llama_cpp.llama_token_to_piece(self.vocabulary, best, piece, 64, 0, False)
        return piece.raw[:max(length, 0)].decode(errors="replace")

    def logits(self, ids, first):
        """The logits of positions `first` to the last but one of a chunk, a row each."""
        self.open(len(ids), 1)
        self.forget(0)
        self.step([(token, place, 0, place >= first) for place, token in enumerate(ids)])
        for place in range(first, len(ids) - 1):
            yield self.row(place)

    def greedy(self, ids, count):
        """The likeliest ids after a prompt, up to `count`, or to one that ends the text."""
        self.open(len(ids) + count, 1)
        self.forget(0)
        self.read(ids, 0)
        found = []
        while True:
            best = int(self.row(-1).argmax())
            if len(found) == count or llama_cpp.llama_vocab_is_eog(self.vocabulary, best):
                return found
            found.append(best)
            self.read([best], len(ids) + len(found) - 1)

    # Below: the context and batches.

    def open(self, size, sequences):
        """A context of `size` positions in each of so many sequences, empty when it is new."""
        if self.shape == (size, sequences):
            return
        if self.context:
            llama_cpp.llama_free(self.context)
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = size * sequences
        parameters.n_seq_max = sequences
        parameters.n_batch, parameters.n_ubatch = LOGICAL, PHYSICAL
        parameters.n_threads = parameters.n_threads_batch = self.threads
        self.context = llama_cpp.llama_init_from_model(self.model, parameters)
        if not self.context:
            raise RuntimeError(messages[-1] if messages else "no context could be made")
        self.shape, self.filled = (size, sequences), 0

    def prepare(self, depth, room, sequences, draw):
        """Each sequence holds `depth` tokens. Those of one sequence are read once and kept; they are not timed."""
        self.open(depth + room, sequences)
        if self.filled != depth or depth == 0:
            self.forget(0)
            if depth:
                assert sequences == 1
                self.read(self.ids(depth, draw), 0)
                llama_cpp.llama_synchronize(self.context)
            self.filled = depth
        self.forget(depth)

    def forget(self, start):
        memory = llama_cpp.llama_get_memory(self.context)
        if start == 0:
            llama_cpp.llama_memory_clear(memory, True)
        elif not llama_cpp.llama_memory_seq_rm(memory, -1, start, -1):
            raise RuntimeError(f"the cache cannot be cut back to {start} positions")

    def read(self, ids, position):
        """Reads ids in one sequence; the last has logits."""
        for begin in range(0, len(ids), LOGICAL):
            part = ids[begin:begin + LOGICAL]
            last = begin + len(part) == len(ids)
            self.step([
                (token, position + begin + place, 0, last and place == len(part) - 1)
                for place, token in enumerate(part)])

    def step(self, rows):
        """One batch of (token, position, sequence, whether logits are wanted)."""
        batch = self.batch
        batch.n_tokens = len(rows)
        for row, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[row], batch.pos[row], batch.logits[row] = token, position, wanted
            batch.n_seq_id[row], batch.seq_id[row][0] = 1, sequence
        if (status := llama_cpp.llama_decode(self.context, batch)) != 0:
            raise RuntimeError(f"llama_decode returned {status}")

    def row(self, index):
        return numpy.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, index), (self.size,))

    def since(self, start):
        llama_cpp.llama_synchronize(self.context)
        return time.perf_counter() - start

    def ids(self, count, draw):
        return [draw.randrange(self.size) for _ in range(count)]
