import Foundation
import MinkeCheckpoints

/// Packs safetensors bytes, right or wrong: it checks nothing.
struct RawSafetensors {
  var header = ""
  var data: [UInt8] = []

  init() {}

  /// Adds a tensor whose extent is right.
  mutating func add(_ name: String, _ type: String, _ shape: [Int], _ bytes: [UInt8]) {
    record(name, type, shape, data.count, data.count + bytes.count)
    data += bytes
  }

  mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
    add(name, "F32", shape, Self.bytes(values))
  }

  /// Adds a record of any extent, and no data.
  mutating func record(_ name: String, _ type: String, _ shape: [Int], _ begin: Int, _ end: Int) {
    let record = "\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
    header += (header.isEmpty ? "" : ",") + record
  }

  var bytes: [UInt8] { Self.file("{" + header + "}", data) }

  static func file(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8) + data
  }

  static func bytes(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
  }
}

/// A folder in Hugging Face layout with a tiny model of one layer, whose files a test may replace.
struct TinyFolder {
  let folder: TemporaryFolder
  var path: String { folder.path }

  static let configuration = """
    {"architectures": ["Qwen2ForCausalLM"], "hidden_size": 8, "intermediate_size": 4, "num_hidden_layers": 1,
     "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32, "rms_norm_eps": 1e-6,
     "rope_theta": 10000.0, "tie_word_embeddings": true, "eos_token_id": 3, "hidden_act": "silu"}
    """

  static let tokenizer = """
    {"added_tokens": [{"id": 3, "content": "<|end|>", "special": true}, {"id": 4, "content": "<think>"}],
     "normalizer": null, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
     "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
    """

  /// Every tensor, of the values that `value` gives for its number.
  static func weights(_ configure: (inout RawSafetensors) -> Void = { _ in }) -> RawSafetensors {
    var raw = RawSafetensors()
    let layer = "model.layers.0."
    let shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [6, 8]), ("model.norm.weight", [8]),
      (layer + "input_layernorm.weight", [8]),
      (layer + "post_attention_layernorm.weight", [8]), (layer + "self_attn.q_proj.weight", [8, 8]),
      (layer + "self_attn.q_proj.bias", [8]), (layer + "self_attn.k_proj.weight", [4, 8]),
      (layer + "self_attn.k_proj.bias", [4]), (layer + "self_attn.v_proj.weight", [4, 8]),
      (layer + "self_attn.v_proj.bias", [4]), (layer + "self_attn.o_proj.weight", [8, 8]),
      (layer + "mlp.gate_proj.weight", [4, 8]), (layer + "mlp.up_proj.weight", [4, 8]),
      (layer + "mlp.down_proj.weight", [8, 4]),
    ]
    for (number, (name, shape)) in shapes.enumerated() {
      let count = shape.reduce(1, *)
      raw.add(name, shape, (0..<count).map { Float($0 + 100 * number) / 64 })
    }
    configure(&raw)
    return raw
  }

  /// - Parameter files: contents by name that replace or join the usual; nil leaves a file out.
  init(_ files: [String: [UInt8]?] = [:]) throws {
    folder = try TemporaryFolder()
    var all: [String: [UInt8]?] = [
      "config.json": Array(Self.configuration.utf8), "tokenizer.json": Array(Self.tokenizer.utf8),
      "model.safetensors": Self.weights().bytes,
    ]
    all.merge(files) { $1 }
    for (name, bytes) in all {
      if let bytes { try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name)) }
    }
  }

  /// With members of `config.json` replaced: JSON text by name; nil removes one.
  static func configured(_ changes: [String: String?], _ files: [String: [UInt8]?] = [:]) throws -> TinyFolder
  {
    try TinyFolder(files.merging(["config.json": json(configuration, changes)]) { $1 })
  }

  /// With members of `tokenizer.json` replaced.
  static func tokenizing(_ changes: [String: String?], _ files: [String: [UInt8]?] = [:]) throws -> TinyFolder
  {
    try TinyFolder(files.merging(["tokenizer.json": json(tokenizer, changes)]) { $1 })
  }

  private static func json(_ text: String, _ changes: [String: String?]) throws -> [UInt8] {
    var members = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    for (name, change) in changes {
      members[name] = try change.map {
        try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
      }
    }
    return Array(try JSONSerialization.data(withJSONObject: members))
  }

  func open() throws(CheckpointError) -> any Checkpoint { try openCheckpoint(path: path) }
}
