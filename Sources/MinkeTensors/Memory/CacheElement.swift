internal import CMinkeKernels

/// How the numbers of a key/value cache are stored.
///
/// Keys and values choose separately: keys lose more from coarse numbers than values do.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum CacheElement: String, Sendable, CaseIterable {
  /// Exact; for parity tests.
  case f32
  /// IEEE half precision; what lies beyond ±65504 is kept as ±65504.
  case f16
  /// The upper half of a float32. Attention rounds queries and weights in the same way.
  case bf16
  /// 8-bit integers with an f16 scale for 32 dimensions, as GGML's type of that name. Attention to them is integer
  /// arithmetic: it quantises queries in the same way, and weights to 8 bits for a block of positions.
  case q8_0

  var kernelElement: minke_cache_element {
    switch self {
    case .f32: MINKE_CACHE_F32
    case .f16: MINKE_CACHE_F16
    case .bf16: MINKE_CACHE_BF16
    case .q8_0: MINKE_CACHE_Q8_0
    }
  }
}
