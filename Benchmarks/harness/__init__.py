"""What the benchmarks share. Nothing here but `plot`, `r1_shape` and `divergence` needs a package."""
