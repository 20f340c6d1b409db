// What the machine can do at most: a benchmark measures speeds against it.
#ifndef MINKE_PROBE_H
#define MINKE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Reads memory from front to back as the kernels read weights, with vector loads and prefetches of the level in use.
///
/// Returns the exclusive or of its 64-bit words, so that nothing is left out.
///
/// - Parameters:
///   - bytes: At a multiple of 64.
///   - count: A multiple of 512.
uint64_t minke_probe_read(const uint8_t *bytes, size_t count);

/// Multiplies 8-bit integers and sums the products in 32-bit ones with the best instruction of the level in use, on
/// registers alone, in `rounds` rounds of independent products.
///
/// Returns how many operations that were: a multiplication and an addition are two.
uint64_t minke_probe_multiply(uint64_t rounds);

#pragma clang assume_nonnull end

#endif
