import MinkeCheckpoints
import MinkeEngine
import MinkeModels
import MinkeTensors

/// A tiny `llama` of random weights.
struct RandomModel {
  var vocabularySize = 40
  var layerCount = 2
  var seed: UInt64 = 1
  /// What is added to every weight, for a model that is nearly another.
  var noise: Float = 0
  var contextLength = 512

  func load(_ pool: WorkerPool) throws -> Transformer { try Transformer(file(), pool: pool) }

  private func file() throws -> GGUFFile {
    var writer = GGUFWriter()
    let (hidden, wide) = (64, 96)
    writer.set("general.architecture", .string("llama"))
    for (key, value) in [
      ("block_count", layerCount), ("context_length", contextLength), ("embedding_length", hidden),
      ("feed_forward_length", wide), ("attention.head_count", 2), ("attention.head_count_kv", 1),
      ("vocab_size", vocabularySize),
    ] { writer.set("llama." + key, .uint32(UInt32(value))) }
    writer.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
    // Each tensor has numbers of its own, so that models of other sizes have the same where they have them.
    func add(_ name: String, _ dimensions: [Int], scale: Float, mean: Float = 0) {
      var (random, other) = (SeededFloats(seed: seed, name), SeededFloats(seed: seed &+ 99, name))
      let bytes = (0..<dimensions.reduce(1, *)).flatMap { _ -> [UInt8] in
        let value = mean + scale * random.next() + noise * scale * other.next()
        return (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
      }
      writer.add(name, dimensions: dimensions, type: .f32, bytes: bytes)
    }
    add("token_embd.weight", [hidden, vocabularySize], scale: 1)
    add("output.weight", [hidden, vocabularySize], scale: 0.6)
    add("output_norm.weight", [hidden], scale: 0.1, mean: 1)
    for layer in 0..<layerCount {
      for (name, rows, columns) in [
        ("attn_q", hidden, hidden), ("attn_k", hidden / 2, hidden), ("attn_v", hidden / 2, hidden),
        ("attn_output", hidden, hidden), ("ffn_gate", wide, hidden), ("ffn_up", wide, hidden),
        ("ffn_down", hidden, wide),
      ] { add("blk.\(layer).\(name).weight", [columns, rows], scale: 0.25) }
      for name in ["attn_norm", "ffn_norm"] {
        add("blk.\(layer).\(name).weight", [hidden], scale: 0.1, mean: 1)
      }
    }
    return try GGUFFile(bytes: writer.serialized(), name: "random.gguf")
  }
}

/// Numbers from −1 to 1 that depend on a name.
private struct SeededFloats {
  private var random: RandomNumbers

  init(seed: UInt64, _ name: String) {
    random = RandomNumbers(
      seed: name.utf8.reduce(seed &* 0x9E37_79B9_7F4A_7C15) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    for _ in 0..<4 { _ = random.next() }
  }

  mutating func next() -> Float { Float(random.next() >> 12) / Float(1 << 31) - 1 }
}
