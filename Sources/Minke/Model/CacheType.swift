internal import MinkeTensors

/// How the numbers of a conversation's keys and values are stored. Keys and values choose separately.
///
/// `Documentation/kv-cache.md` has the measured loss, memory and speed of each.
// swift-format-ignore: AlwaysUseLowerCamelCase
public enum CacheType: String, Sendable, CaseIterable {
  /// Half precision: 2 bytes a number.
  case f16
  /// The upper half of a float32: 2 bytes a number. Coarser than ``f16``, and faster on processors that multiply such
  /// pairs.
  case bf16
  /// 8-bit integers with a scale for 32 of them: a little over 1 byte a number.
  case q8_0

  var element: CacheElement {
    switch self {
    case .f16: .f16
    case .bf16: .bf16
    case .q8_0: .q8_0
    }
  }
}
