#!/usr/bin/env python3
"""Writes Sources/CMinkeKernels/codebooks.c: the grids of the IQ types, as the `gguf` package has them.

Needs: pip install gguf==0.19.0 numpy==2.4.6

A grid's entry is a number for four or eight elements: each has the place of its value among those that the grid uses, in
two or three bits, the first element lowest.
"""
from importlib.metadata import version
from pathlib import Path

import numpy as np
from gguf import quants

WIDTH = 118
# Name in C, class of the package, elements of an entry, bits of an element.
GRIDS = [
    ("iq1", quants.IQ1_S, 8, 2), ("iq2_xxs", quants.IQ2_XXS, 8, 2), ("iq2_xs", quants.IQ2_XS, 8, 2),
    ("iq2_s", quants.IQ2_S, 8, 2), ("iq3_xxs", quants.IQ3_XXS, 4, 3), ("iq3_s", quants.IQ3_S, 4, 3),
]


def entries(grid, elements, bits):
    grid.init_grid()
    values = grid.grid.reshape(-1, elements)
    places = np.searchsorted(np.array(grid.grid_map, dtype=np.float32), values)
    assert (np.array(grid.grid_map, dtype=np.float32)[places] == values).all()
    return (places.astype(np.uint32) << (np.arange(elements, dtype=np.uint32) * bits)).sum(axis=-1)


def table(name, values):
    lines, line = [], "   "
    for value in values:
        word = f" {value},"
        if len(line) + len(word) > WIDTH:
            lines.append(line)
            line = "   "
        line += word
    return "\n".join([f"const uint16_t minke_grid_{name}[{len(values)}] = {{", *lines, line, "};", ""])


package = version("gguf")
assert package == "0.19.0", package
# The signs of eight elements are computed, so they must be what the package's table says.
signs = quants.IQ2_XXS.ksigns
assert all(sign == seven | (seven.bit_count() & 1) << 7 for seven, sign in enumerate(signs))
head = f"""// The grids of the IQ types. Written by Scripts/make-codebooks.py from the tables of the `gguf` package {package}.
#include "codebooks.h"
"""
parts = [head] + [table(name, entries(grid, elements, bits)) for name, grid, elements, bits in GRIDS]
Path(__file__).parents[1].joinpath("Sources/CMinkeKernels/codebooks.c").write_text("\n".join(parts))
