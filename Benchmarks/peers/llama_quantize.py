"""Quantises a model as llama.cpp does.

    llama_quantize.py SOURCE TARGET TYPE THREADS [IMATRIX]
"""
import ctypes
import sys

import gguf
import llama_cpp


def importance(path: str):
    """The mean squares of a file of `minke imatrix`, as the function takes them, and what must stay alive."""
    sums, counts = {}, {}
    for tensor in gguf.GGUFReader(path).tensors:
        for suffix, found in ((".in_sum2", sums), (".counts", counts)):
            if tensor.name.endswith(suffix):
                found[tensor.name.removesuffix(suffix)] = tensor.data.reshape(-1)
    rows = (llama_cpp.llama_model_imatrix_data * (len(sums) + 1))()  # The last has no name.
    alive = []
    for row, (name, values) in zip(rows, sums.items()):
        means = (values / counts[name][0]).astype("float32")
        alive.append(means)
        row.name, row.size = name.encode(), len(means)
        row.data = means.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    return rows, alive


def main() -> None:
    source, target, kind, threads, *matrix = sys.argv[1:]
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{kind}")
    parameters.nthread = int(threads)
    if matrix:
        rows, alive = importance(matrix[0])
        parameters.imatrix = ctypes.cast(rows, type(parameters.imatrix))
    llama_cpp.llama_backend_init()
    if status := llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters)):
        sys.exit(f"llama_model_quantize returned {status}")


if __name__ == "__main__":
    main()
