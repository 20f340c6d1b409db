internal import CMinkeKernels

/// How the numbers of a key/value cache are stored.
///
/// Keys and values choose separately: keys lose more from coarse numbers than values do.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum CacheElement: Sendable, CaseIterable {
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

/// What a key/value cache holds for each position of a sequence.
package struct KVCacheShape: Sendable, Equatable {
  package var layerCount: Int
  /// Heads of keys and values; each serves a group of query heads.
  package var headCount: Int
  /// Numbers of one key, and of one value where it has a place of its own.
  package var headDimension: Int
  /// How many of the first numbers of a key are its value, which then has no place of its own: latent attention
  /// (arXiv:2405.04434).
  package var latentValueDimension: Int?
  package var keyElement: CacheElement
  /// The element of keys where these hold the values.
  package var valueElement: CacheElement
  /// Floats of state that a sequence has beside its keys and values, zero at its beginning.
  package var stateCount: Int

  package init(
    layerCount: Int, headCount: Int, headDimension: Int, latentValueDimension: Int? = nil,
    keyElement: CacheElement = .f16, valueElement: CacheElement = .f16, stateCount: Int = 0
  ) {
    self.layerCount = layerCount
    self.headCount = headCount
    self.headDimension = headDimension
    self.latentValueDimension = latentValueDimension
    self.keyElement = keyElement
    self.valueElement = latentValueDimension == nil ? valueElement : keyElement
    self.stateCount = stateCount
  }

  /// Numbers of one value.
  package var valueDimension: Int { latentValueDimension ?? headDimension }

  /// Positions of one block: the unit in which memory is laid out.
  package static var blockLength: Int { Int(MINKE_KV_BLOCK) }

  /// Bytes that a context of `capacity` positions takes when it is full, or nil when they overflow or the
  /// shape has no extent.
  package func byteCount(capacity: Int) -> Int? {
    guard layerCount > 0, headCount > 0, headDimension > 0, capacity > 0,
      let layout = KVCacheLayout(self)
    else { return nil }
    let blocks = capacity / Self.blockLength + (capacity.isMultiple(of: Self.blockLength) ? 0 : 1)
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: layout.blockStride)
    return overflow ? nil : bytes
  }

  /// Bytes of the state, or nil when they overflow.
  package var stateByteCount: Int? {
    let (bytes, overflow) = stateCount.multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    return overflow || stateCount < 0 ? nil : bytes
  }
}

/// Where things lie in a key/value cache, in bytes:
/// `[block of 64 positions][layer][head]{ keys, values }`, these as the kernels lay them out.
///
/// Keys lie across, so that the scores of sixteen positions are sums down the dimensions in sixteen lanes.
/// The block comes first, so that a sequence touches memory from the front as it grows.
struct KVCacheLayout {
  /// Bytes of the keys of one head in one block; the values follow. 0 where keys hold the values.
  var valueOffset: Int
  var headStride: Int
  var layerStride: Int
  var blockStride: Int

  /// Nil when the sizes overflow, or heads have no dimension.
  init?(_ shape: KVCacheShape) {
    guard (1...1 << 20).contains(shape.headDimension) else { return nil }
    let keyBytes = minke_key_bytes(shape.headDimension, shape.keyElement.kernelElement)
    if let length = shape.latentValueDimension {
      guard (1...shape.headDimension).contains(length) else { return nil }
      valueOffset = 0
      headStride = keyBytes
    } else {
      valueOffset = keyBytes
      headStride = keyBytes + minke_value_bytes(shape.headDimension, shape.valueElement.kernelElement)
    }
    let (layer, overflow) = headStride.multipliedReportingOverflow(by: shape.headCount)
    let (block, overflow2) = layer.multipliedReportingOverflow(by: shape.layerCount)
    guard !overflow, !overflow2 else { return nil }
    layerStride = layer
    blockStride = block
  }
}

/// The keys and values that one sequence has computed so far, for all layers.
///
/// Memory is reserved for the whole context at once and taken up as the sequence grows.
package final class KVCache {
  package let shape: KVCacheShape
  /// Positions there is room for.
  package let capacity: Int
  /// Positions that hold keys and values. Raise it after a forward pass has written all layers; lower it to
  /// forget the end of the sequence, where ``canForget``.
  package var count = 0 {
    didSet { precondition(count >= 0 && count <= capacity, "count within the capacity") }
  }
  /// Positions that the state has seen.
  private var seenCount = 0

  private let memory: Arena
  private let layout: KVCacheLayout
  private let state: Arena?

  /// - Throws: ``TensorError`` when the shape has no extent or memory for `capacity` positions cannot be
  ///   reserved.
  package init(_ shape: KVCacheShape, capacity: Int) throws(TensorError) {
    let subject = "key/value cache of \(capacity) positions"
    guard let layout = KVCacheLayout(shape), let bytes = shape.byteCount(capacity: capacity),
      let stateBytes = shape.stateByteCount
    else {
      throw TensorError(
        subject,
        found: "\(shape.layerCount) layers, \(shape.headCount) heads of \(shape.headDimension)",
        expected: "positive sizes whose product fits the address space")
    }
    self.shape = shape
    self.capacity = capacity
    self.layout = layout
    memory = try Arena(byteCount: bytes, for: subject, isFilled: true)
    state = stateBytes > 0 ? try Arena(byteCount: stateBytes, for: subject, isFilled: true) : nil
  }

  /// Whether the end of the sequence alone can be forgotten: a state has no end.
  package var canForget: Bool { state == nil }

  /// Forgets all but the first `length` positions, or all where that is impossible.
  package func keep(first length: Int) {
    guard length < count else { return }
    count = canForget ? length : 0
  }

  /// Takes positions for written that no pass has: for measurements, whose results mean nothing.
  package func assume(_ length: Int) {
    count = length
    seenCount = length
  }

  /// Makes the state that of the ``count`` positions that there are; false when it has seen others.
  package func prepareState() -> Bool {
    guard let state else { return true }
    if count == 0, seenCount > 0 {
      unsafe state.base.initializeMemory(as: UInt8.self, repeating: 0, count: state.byteCount)
      seenCount = 0
    }
    return seenCount == count
  }

  /// A pass is about to add positions up to ``count`` to the state.
  package func advanceState() { seenCount = count }

  /// What operations need of the cache. The cache must outlive it.
  package var view: KVCacheView {
    unsafe KVCacheView(
      base: memory.base, layout: layout, headDimension: shape.headDimension,
      valueDimension: shape.valueDimension, headCount: shape.headCount, layerCount: shape.layerCount,
      capacity: capacity, keyElement: shape.keyElement.kernelElement,
      valueElement: shape.valueElement.kernelElement,
      state: state?.base.assumingMemoryBound(to: Float.self))
  }
}

/// A trivial, unowned view of a ``KVCache``.
@safe
package struct KVCacheView {
  let base: UnsafeMutableRawPointer
  let layout: KVCacheLayout
  package let headDimension: Int
  package let valueDimension: Int
  package let headCount: Int
  package let layerCount: Int
  package let capacity: Int
  let keyElement: minke_cache_element
  let valueElement: minke_cache_element
  /// What the sequence has beside keys and values; nil where its model has nothing of the kind.
  package let state: UnsafeMutablePointer<Float>?

  /// The first block of a head of a layer.
  func head(_ head: Int, layer: Int) -> UnsafeMutableRawPointer {
    unsafe base + layer * layout.layerStride + head * layout.headStride
  }
}

/// Consecutive rows of a batch that are consecutive positions of one sequence.
package struct SequenceSlice {
  /// The slice's rows of the batch.
  package var firstRow: Int
  package var rowCount: Int
  /// Position in the sequence of the first row.
  package var position: Int
  /// The sequence's keys and values.
  package var cache: KVCacheView

  package init(firstRow: Int, rowCount: Int, position: Int, cache: KVCacheView) {
    precondition(firstRow >= 0 && rowCount >= 0 && position >= 0, "a slice has a place")
    precondition(rowCount <= cache.capacity - position, "the cache has room for the slice")
    self.firstRow = firstRow
    self.rowCount = rowCount
    self.position = position
    self.cache = cache
  }
}
