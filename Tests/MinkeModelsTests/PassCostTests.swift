import MinkeCheckpoints
import MinkeModels
import MinkeTensors
import Testing

@Suite("A pass costs what its matrices and caches hold")
struct PassCostTests {
  @Test("Operations follow from the configuration", arguments: TinyModel.names)
  func operations(name: String) throws {
    let file = try TinyModel(name).file
    let configuration = try ModelConfiguration(file)
    let cost = PassCost(configuration, tensors: file.tensors)
    let (width, attention) = (configuration.hiddenSize, configuration.attention)
    let perLayer =
      width * (2 * attention.queryWidth + 2 * attention.keyWidth + 3 * configuration.feedForwardSize)
    #expect(cost.layers.elements == Double(configuration.layerCount * perLayer))
    #expect(cost.head.elements == Double(configuration.vocabularySize * width))
    let layers = 2 * cost.layers.elements
    let head = 2 * cost.head.elements
    #expect(cost.operations(rows: 1, logitRows: 1) == layers + head)
    #expect(cost.operations(rows: 512, logitRows: 1) == 512 * layers + head)
    #expect(cost.operations(rows: 3, logitRows: 0) == 3 * layers)
  }

  @Test("Bytes are those of the packed matrices", arguments: TinyModel.names)
  func bytes(name: String) throws {
    let model = try Transformer(TinyModel(name).file, pool: WorkerPool(threadCount: 1))
    let bytes = Int(model.cost.weightBytes(hasLogits: true))
    // Norms and biases are small beside them, even in tiny models.
    #expect(bytes <= model.weightByteCount)
    #expect(Double(bytes) > 0.8 * Double(model.weightByteCount))
    #expect(model.cost.weightBytes(hasLogits: false) == model.cost.layers.bytes)
  }

  @Test("Layers with a window read no more of the cache than it")
  func window() throws {
    let file = try TinyModel("gemma3-regular").file
    let configuration = try ModelConfiguration(file)
    let window = try #require(configuration.attention.slidingWindow)
    let shape = configuration.cacheShape()
    let cost = PassCost(configuration, tensors: file.tensors)
    let local = (0..<configuration.layerCount).count(where: window.isLocal(layer:))
    #expect(local > 0 && local < configuration.layerCount)
    let perPosition = Double(try #require(shape.byteCount(capacity: 64))) / 64
    let perLayer = perPosition / Double(configuration.layerCount)
    #expect(cost.cacheBytes(positions: 1, shape) == perPosition)
    let far = Double(window.size + 1000)
    let expected = perLayer * (Double(local * window.size) + Double(configuration.layerCount - local) * far)
    #expect(abs(cost.cacheBytes(positions: far, shape) / expected - 1) < 1e-9)
  }
}
