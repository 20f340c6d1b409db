import Foundation
import MinkeCheckpoints
import MinkeTensors
import Testing

@Suite("A hostile folder gives one clear error", .timeLimit(.minutes(2)))
struct HostileFoldersTests {
  private func error(_ folder: TinyFolder) -> CheckpointError? {
    do {
      try folder.open().validateTensors()
      return nil
    } catch {
      expectClear(error, "\(error)")
      return error
    }
  }

  // MARK: Safetensors

  private static let embedding = "\"model.embed_tokens.weight\":"

  private func weights(_ record: String, data: Int = 192) -> [UInt8] {
    RawSafetensors.file("{" + Self.embedding + record + "}", [UInt8](repeating: 0, count: data))
  }

  @Test(
    "whatever a record says",
    arguments: [
      #"{"dtype":"F32","shape":[6,8],"data_offsets":[0,191]}"#,
      #"{"dtype":"F32","shape":[6,8],"data_offsets":[192,0]}"#,
      #"{"dtype":"F32","shape":[6,8],"data_offsets":[4,196]}"#,
      #"{"dtype":"F32","shape":[6,8],"data_offsets":[-192,0]}"#,
      #"{"dtype":"F32","shape":[-6,-8],"data_offsets":[0,192]}"#,
      #"{"dtype":"F32","shape":[6.5,8],"data_offsets":[0,192]}"#,
      #"{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,192]}"#,
      #"{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}"#,
      #"{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,192]}"#,
      #"{"dtype":"F32","shape":[0,8],"data_offsets":[0,0]}"#,
      #"{"dtype":"F32","shape":[],"data_offsets":[0,4]}"#,
      #"{"dtype":"F32","shape":[2,3,8],"data_offsets":[0,192]}"#,
      #"{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,48],"data_offsets":[0,192]}"#,
      #"{"dtype":"F32","shape":[48],"data_offsets":[0,192]}"#,
      #"{"dtype":"I32","shape":[6,8],"data_offsets":[0,192]}"#,
      #"{"dtype":"F99","shape":[6,8],"data_offsets":[0,192]}"#,
      #"{"dtype":7,"shape":[6,8],"data_offsets":[0,192]}"#,
      #"{"shape":[6,8],"data_offsets":[0,192]}"#, #"{"dtype":"F32","data_offsets":[0,192]}"#,
      #"{"dtype":"F32","shape":[6,8]}"#, #"{"dtype":"F32","shape":[6,8],"data_offsets":[0]}"#,
      #"{"dtype":"F32","shape":[6,8],"data_offsets":[0,192],"dtype":"F32"}"#, "[]", "7", "null", "",
      #"{"dtype":"F32","shape":[6,8],"data_offsets":[9223372036854775807,9223372036854775807]}"#,
      #"{"dtype":"F32","shape":[6,8],"data_offsets":[0,9223372036854775807]}"#,
    ])
  func records(record: String) throws {
    #expect(error(try TinyFolder(["model.safetensors": weights(record)])) != nil)
  }

  @Test("whatever a header is")
  func headers() throws {
    let good = #"{"dtype":"F32","shape":[6,8],"data_offsets":[0,192]}"#
    #expect(error(try TinyFolder(["model.safetensors": weights(good)])) == nil)
    func refused(_ bytes: [UInt8]) throws -> CheckpointError? {
      error(try TinyFolder(["model.safetensors": bytes]))
    }
    // Bytes after the last tensor, and between two.
    #expect(try refused(weights(good, data: 193))?.found.contains("behind the last tensor") == true)
    var gap = RawSafetensors()
    gap.record("model.embed_tokens.weight", "F32", [6, 8], 0, 192)
    gap.record("model.norm.weight", "F32", [8], 196, 228)
    gap.data = [UInt8](repeating: 0, count: 228)
    #expect(try refused(gap.bytes)?.place == .tensor("model.norm.weight"))
    // The same bytes twice, a name twice.
    var shared = RawSafetensors()
    shared.record("model.embed_tokens.weight", "F32", [6, 8], 0, 192)
    shared.record("model.norm.weight", "F32", [8], 160, 192)
    shared.data = [UInt8](repeating: 0, count: 192)
    #expect(try refused(shared.bytes)?.kind == .malformed)
    let twice = RawSafetensors.file(
      "{" + Self.embedding + good + "," + Self.embedding + good + "}", [UInt8](repeating: 0, count: 192))
    #expect(try refused(twice)?.found == "the name a second time")
    // Lengths.
    for length in [0, 1, 7, 8] { #expect(try refused([UInt8](repeating: 0x7B, count: length)) != nil) }
    for length in [UInt64.max, 1 << 63, 100_000_001, 193] {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + Array("{}".utf8)
      #expect(try refused(bytes)?.place == .field("header length"))
    }
    // JSON.
    for header in [
      "{", "[]", "", " ", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{}{}", "{\"\\ud800\":1}", "{\"a\":\u{1}}",
      "{\"a\":+1}",
      "{\"a\":1e}", "{\"__metadata__\":" + String(repeating: "[", count: 100_000),
      "{\"__metadata__\":" + String(repeating: "{\"a\":", count: 100_000),
    ] {
      #expect(try refused(RawSafetensors.file(header)) != nil, "\(header.prefix(20))")
    }
    #expect(try refused(RawSafetensors.file("{\"\u{FFFD}\":1}").map { $0 == 0xBF ? 0xFF : $0 }) != nil)
  }

  @Test("for a tensor of another model, and one that is twice under two names")
  func names() throws {
    let unknown = TinyFolder.weights { $0.add("model.layers.0.mlp.router.weight", [2, 2], [1, 2, 3, 4]) }
    #expect(
      error(try TinyFolder(["model.safetensors": unknown.bytes]))?.place
        == .tensor("model.layers.0.mlp.router.weight"))
    let twice = TinyFolder.weights {
      $0.add("model.language_model.norm.weight", [8], Array(repeating: 1, count: 8))
    }
    #expect(
      error(try TinyFolder(["model.safetensors": twice.bytes]))?.place
        == .tensor("model.language_model.norm.weight"))
    for name in [
      "model.layers.-1.mlp.up_proj.weight", "model.layers.01.mlp.up_proj.weight", "model.layers..x.weight",
    ] {
      let odd = TinyFolder.weights { $0.add(name, [2, 2], [1, 2, 3, 4]) }
      #expect(error(try TinyFolder(["model.safetensors": odd.bytes]))?.kind == .unsupported)
    }
  }

  // MARK: config.json

  @Test("for values that make no sense, with the field's name")
  func configurations() throws {
    let bad: [(String, String?)] = [
      ("architectures", "[\"MambaForCausalLM\"]"), ("architectures", "7"), ("hidden_size", nil),
      ("hidden_size", "0"),
      ("hidden_size", "-8"), ("hidden_size", "8.5"), ("hidden_size", "\"8\""),
      ("hidden_size", "99999999999999999999"),
      ("num_attention_heads", "0"), ("num_attention_heads", "3"), ("num_key_value_heads", "0"),
      ("num_key_value_heads", "3"), ("num_hidden_layers", "100000"), ("head_dim", "3"), ("head_dim", "4096"),
      ("max_position_embeddings", nil), ("max_position_embeddings", "0"), ("rms_norm_eps", "2"),
      ("rms_norm_eps", "0"), ("rope_theta", "1"), ("rope_theta", "\"x\""), ("hidden_act", "\"gelu\""),
      ("rope_interleaved", "true"), ("partial_rotary_factor", "0.5"), ("intermediate_size", "[]"),
      ("tie_word_embeddings", "1"), ("vocab_size", "7"), ("vocab_size", "0"),
      ("rope_scaling", "7"), ("rope_scaling.type", "{\"type\": \"longrope\"}"),
      ("rope_scaling.factor", "{\"type\": \"linear\"}"),
      ("rope_scaling.factor", "{\"type\": \"linear\", \"factor\": 0}"),
      (
        "rope_scaling.high_freq_factor",
        "{\"type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4}"
      ),
      ("rope_scaling.beta_slow", "{\"type\": \"yarn\", \"factor\": 2, \"beta_fast\": 1, \"beta_slow\": 2}"),
      ("quantization_config", "[]"),
      ("quantization_config.fmt", "{\"quant_method\": \"fp8\", \"fmt\": \"e5m2\"}"),
    ]
    for (name, value) in bad {
      let key = String(name.prefix { $0 != "." })
      let error = error(try TinyFolder.configured([key: value]))
      #expect(error?.place == .key(name), "\(name) \(value ?? "absent"): \(error?.description ?? "no error")")
    }
    let unknown = error(try TinyFolder.configured(["architectures": "[\"MambaForCausalLM\"]"]))
    #expect(unknown?.expected.contains("LlamaForCausalLM") == true)
    #expect(error(try TinyFolder(["config.json": Array("[1]".utf8)])) != nil)
    #expect(
      error(try TinyFolder(["config.json": [UInt8](repeating: 0x20, count: 5 << 20)]))?.found
        == "5242880 bytes")
  }

  // MARK: Any damage

  @Test("however its files are damaged")
  func mutations() throws {
    let names = [
      "config.json", "tokenizer.json", "model.safetensors", "tokenizer_config.json", "generation_config.json",
    ]
    let originals: [String: [UInt8]] = [
      "config.json": Array(TinyFolder.configuration.utf8), "tokenizer.json": Array(TinyFolder.tokenizer.utf8),
      "model.safetensors": TinyFolder.weights().bytes,
      "tokenizer_config.json": Array(
        "{\"eos_token\": {\"content\": \"<|end|>\"}, \"chat_template\": \"x\"}".utf8),
      "generation_config.json": Array("{\"eos_token_id\": [3], \"temperature\": 0.5}".utf8),
    ]
    let folder = try TinyFolder(originals.mapValues { $0 })
    var refused = 0
    for seed in 0..<1500 as Range<UInt64> {
      var random = SeededRandom(seed)
      let name = names[Int(seed) % names.count]
      let damaged = Self.damaged(originals[name] ?? [], &random)
      try Data(damaged).write(to: URL(fileURLWithPath: folder.path + "/" + name))
      defer { try? Data(originals[name] ?? []).write(to: URL(fileURLWithPath: folder.path + "/" + name)) }
      do {
        let checkpoint = try folder.open()
        _ = checkpoint.summary
        for tensor in checkpoint.tensors {
          let values = try checkpoint.floats(tensor.name)
          #expect(values.count == tensor.elementCount)
        }
      } catch let error as CheckpointError {
        refused += 1
        expectClear(error, "\(name) of seed \(seed)")
      }
    }
    #expect(refused > 500)
  }

  /// Bits flipped, cut, or a number or a word put in place of another.
  private static func damaged(_ original: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = original
    let words = [
      "-1", "0", "1e999", "9223372036854775807", "null", "true", "[]", "{}", "\"\"", "[[",
      "18446744073709551616", "NaN",
      "\"\\ud800\"", "1.5",
    ]
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let place = Int.random(in: 0..<max(bytes.count, 1), using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes.removeLast(bytes.count - place)
      case 1: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
      default:
        // A value of JSON, wherever the next begins.
        guard let start = bytes[place...].firstIndex(where: { (0x30...0x39).contains($0) }) else { continue }
        let end = bytes[start...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array((words.randomElement(using: &random) ?? "0").utf8))
      }
    }
    return bytes
  }
}
