import CMinkeKernels
import MinkeTensors
import Testing

@Suite("A cache whose keys hold the values")
struct LatentAttentionTests {
  struct Shape: CustomTestStringConvertible {
    var dimension: Int
    var values: Int
    var heads: Int
    var testDescription: String { "\(heads) heads of \(dimension), values of \(values)" }
  }

  static let shapes = [
    Shape(dimension: 48, values: 32, heads: 4), Shape(dimension: 20, values: 13, heads: 3),
    Shape(dimension: 576, values: 512, heads: 30), Shape(dimension: 16, values: 16, heads: 1),
  ]

  @Test("gives what values of their own give", arguments: shapes, CacheElement.allCases)
  func same(shape: Shape, element: CacheElement) throws {
    let latent = try attend(shape, element, latent: true)
    let plain = try attend(shape, element, latent: false)
    #expect(latent.map(\.bitPattern) == plain.map(\.bitPattern))
  }

  @Test("takes less memory")
  func memory() throws {
    var shape = KVCacheShape(
      groups: [KVLayerGroup(layerCount: 3)], headCount: 1, headDimension: 576, latentValueDimension: 512)
    #expect(shape.byteCount(capacity: 64) == 3 * 64 * 576 * 2)
    shape.latentValueDimension = 577
    #expect(shape.byteCount(capacity: 64) == nil)
  }

  /// Results of the last rows, the first numbers of each head.
  private func attend(_ shape: Shape, _ element: CacheElement, latent: Bool) throws -> [Float] {
    let (positions, rows) = (140, 3)
    let cache = try KVCache(
      KVCacheShape(
        groups: [KVLayerGroup(layerCount: 1)], headCount: 1, headDimension: shape.dimension,
        latentValueDimension: latent ? shape.values : nil, keyElement: element, valueElement: element),
      capacity: positions)
    var random = TestRandom(seed: 7)
    var keys = random.floats(positions * shape.dimension)
    var queries = random.floats(rows * shape.heads * shape.dimension)
    let width = latent ? shape.values : shape.dimension
    var output = [Float](repeating: 0, count: rows * shape.heads * width)
    let scratch = try AttentionScratch(headDimension: shape.dimension, workerCount: 1)
    unsafe keys.withUnsafeMutableBufferPointer { keys in
      unsafe queries.withUnsafeMutableBufferPointer { queries in
        unsafe output.withUnsafeMutableBufferPointer { output in
          let all = [SequenceSlice(firstRow: 0, rowCount: positions, position: 0, cache: cache.view)]
          let keyRows = unsafe Rows(keys.baseAddress!, count: positions, width: shape.dimension)
          unsafe all.withUnsafeBufferPointer {
            unsafe appendKeysValues(
              keys: keyRows, values: latent ? nil : keyRows, slices: $0, place: KVLayerPlace(layer: 0),
              worker: .alone)
          }
          let last = [
            SequenceSlice(firstRow: 0, rowCount: rows, position: positions - rows, cache: cache.view)
          ]
          unsafe last.withUnsafeBufferPointer {
            unsafe attention(
              Rows(queries.baseAddress!, count: rows, width: shape.heads * shape.dimension), slices: $0,
              place: KVLayerPlace(layer: 0),
              parameters: AttentionParameters(headCount: shape.heads, scale: 0.1), scratch: scratch,
              into: Rows(output.baseAddress!, count: rows, width: shape.heads * width), worker: .alone)
          }
        }
      }
    }
    return stride(from: 0, to: output.count, by: width).flatMap { output[$0..<$0 + shape.values] }
  }
}
