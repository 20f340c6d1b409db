import MinkeTensors
import Testing

@Suite struct KVCacheTests {
  let shape = KVCacheShape(groups: [KVLayerGroup(layerCount: 2)], headCount: 3, headDimension: 50)

  @Test func sizeIsThatOfWholeBlocks() {
    // 64 positions × 2 layers × 3 heads × (50 + 64) halves
    #expect(shape.byteCount(capacity: 1) == 64 * 2 * 3 * 114 * 2)
    #expect(shape.byteCount(capacity: 64) == shape.byteCount(capacity: 1))
    #expect(shape.byteCount(capacity: 65) == shape.byteCount(capacity: 128))
  }

  @Test func eachElementTypeTakesItsSize() {
    func perPosition(_ keys: CacheElement, _ values: CacheElement, dimension: Int) -> Int? {
      let shape = KVCacheShape(
        groups: [KVLayerGroup(layerCount: 1)], headCount: 1, headDimension: dimension, keyElement: keys,
        valueElement: values)
      return shape.byteCount(capacity: 64).map { $0 / 64 }
    }
    #expect(perPosition(.f32, .f32, dimension: 64) == 512)
    #expect(perPosition(.f16, .f16, dimension: 64) == 256)
    #expect(perPosition(.bf16, .bf16, dimension: 64) == 256)
    // 34 bytes for 32 dimensions, of which there are whole blocks.
    #expect(perPosition(.q8_0, .q8_0, dimension: 64) == 136)
    #expect(perPosition(.q8_0, .q8_0, dimension: 50) == 136)
    #expect(perPosition(.q8_0, .f16, dimension: 64) == 68 + 128)
    #expect(perPosition(.bf16, .q8_0, dimension: 33) == 68 + 68)
  }

  @Test func refusesSizesThatCannotBe() {
    #expect(shape.byteCount(capacity: 0) == nil)
    #expect(shape.byteCount(capacity: -5) == nil)
    #expect(shape.byteCount(capacity: .max) == nil)
    var huge = shape
    huge.groups[0].layerCount = .max / 2
    #expect(huge.byteCount(capacity: 64) == nil)
    huge = shape
    huge.headDimension = .max - 3
    #expect(huge.byteCount(capacity: 64) == nil)
    huge.headDimension = 0
    #expect(throws: TensorError.self) { try KVCache(huge, capacity: 64) }
    #expect(throws: TensorError.self) { try KVCache(shape, capacity: 1 << 50) }
  }

  /// A context far larger than memory is reserved at no cost.
  @Test func takesMemoryOnlyAsUsed() throws {
    let cache = try KVCache(
      KVCacheShape(groups: [KVLayerGroup(layerCount: 60)], headCount: 8, headDimension: 128),
      capacity: 1 << 20)
    #expect(cache.capacity == 1 << 20)
    cache.count = 100
    cache.count = 3
    #expect(cache.count == 3)
  }

  /// Norm and rotation of keys while they are stored give the same as before.
  @Test(arguments: [1, 3]) func keysArePreparedAsTheyAreStored(threads: Int) throws {
    var random = TestRandom(seed: 3)
    let width = shape.headCount * shape.headDimension
    let count = 40
    let keys = random.floats(count * width)
    let weight = random.floats(shape.headDimension)
    let table = try RotaryTable(
      style: .halves, frequencies: RotaryTable.frequencies(base: 10000, dimensions: 48), capacity: count)
    let cache = try KVCache(shape, capacity: 100)
    let apart = try TestMatrix(keys, count: count, width: width)
    let together = try TestMatrix(keys, count: count, width: width)
    let stored = try TestMatrix(random.floats(count * width), count: count, width: width)
    let slices = [SequenceSlice(firstRow: 0, rowCount: count, position: 30, cache: cache.view)]
    unsafe withAddresses(slices, weight) { slices, weight in
      WorkerPool(threadCount: threads).run { worker in
        table.fill(firstRow: 0, count: count, position: 30, worker: worker)
        worker.synchronize()
        unsafe rmsNormHeads(
          apart.rows, headDimension: shape.headDimension, weight: weight, epsilon: 1e-6, worker: worker)
        applyRotary(apart.rows, headDimension: shape.headDimension, table: table, worker: worker)
        unsafe appendKeysValues(
          keys: together.rows, values: stored.rows, slices: slices, place: KVLayerPlace(layer: 0),
          norm: HeadNorm(weight: weight, epsilon: 1e-6), rotary: table, worker: worker)
      }
    }
    #expect(firstDifference(together.values, apart.values) == nil)
  }

  private func withAddresses(
    _ slices: [SequenceSlice], _ weight: [Float],
    _ body: (UnsafeBufferPointer<SequenceSlice>, UnsafePointer<Float>) -> Void
  ) {
    unsafe slices.withUnsafeBufferPointer { slices in
      unsafe weight.withUnsafeBufferPointer { weight in
        if let weight = weight.baseAddress { unsafe body(slices, weight) }
      }
    }
  }
}
