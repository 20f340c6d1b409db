import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("Memory is estimated before loading")
struct MemoryEstimateTests {
  @Test("Weights take what was estimated", arguments: TinyModel.all)
  func weights(name: String) throws {
    let file = try TinyModel(name).file
    let model = try Transformer(file, pool: WorkerPool(threadCount: 1))
    let estimate = try MemoryEstimate(
      ModelConfiguration(file), tensors: file.tensors, contextLength: 128)
    #expect(model.weightByteCount <= estimate.weights)
    #expect(model.weightByteCount + 64 * file.tensors.count >= estimate.weights)
    #expect(estimate.total == estimate.weights + estimate.workspace + estimate.cache)
  }

  @Test("The cache grows with the context, by whole blocks")
  func cache() throws {
    let file = try TinyModel("qwen2-regular").file
    let configuration = try ModelConfiguration(file)
    func cache(_ length: Int) -> Int {
      MemoryEstimate(configuration, tensors: file.tensors, contextLength: length).cache
    }
    // 2 layers, 2 heads of 12 keys and 16 (padded) values, 2 bytes each.
    #expect(cache(64) == 64 * 2 * 2 * (12 + 16) * 2)
    #expect(cache(65) == 2 * cache(64))
    #expect(cache(.max) == .max)
    // Whole blocks of 32 dimensions, 34 bytes each.
    let coarse = MemoryEstimate(
      configuration, tensors: file.tensors, contextLength: 64, keys: .q8_0, values: .bf16)
    #expect(coarse.cache == 64 * 2 * 2 * (34 + 16 * 2))
  }
}
