import Foundation
import Minke
import MinkeCheckpoints
import MinkeTokenizers
import Testing

/// What `Goldens/folders/make_folder_goldens.py` recorded.
private struct FolderGolden: Decodable {
  struct Model: Decodable {
    let parse: [[TokenID]]
    let asText: [[TokenID]]
    /// Of the text "a", with what the model puts around a text.
    let withSpecial: [TokenID]
  }

  let texts: [String]
  let models: [String: Model]

  static func url(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: "Goldens", withExtension: nil))
      .appendingPathComponent("folders/" + name)
  }

  init() throws {
    self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: Self.url("ids.json")))
  }
}

@Suite struct `Tokenizers of folders` {
  static let names = [
    "gpt-2", "smollm", "qwen2", "qwen35", "llama-bpe", "deepseek-llm", "deepseek-coder", "deepseek-v3",
    "gpt-4o", "gemma", "llama",
  ]

  /// A folder with this tokenizer and an embedding of many rows.
  private func open(_ tokenizer: URL, rows: Int = 1_200, settings: String? = nil) throws -> (
    any Checkpoint, remove: () -> Void
  ) {
    let folder = NSTemporaryDirectory() + "minke-tokenizer-" + UUID().uuidString
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let remove = { _ = try? manager.removeItem(atPath: folder) }
    try manager.copyItem(atPath: tokenizer.path, toPath: folder + "/tokenizer.json")
    let header =
      "{\"model.embed_tokens.weight\":{\"dtype\":\"F16\",\"shape\":[\(rows),2],\"data_offsets\":[0,\(rows * 4)]}}"
    var weights = Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) })
    weights.append(Data(header.utf8))
    weights.append(Data(count: rows * 4))
    let configuration = """
      {"architectures": ["LlamaForCausalLM"], "hidden_size": 2, "intermediate_size": 4, "num_hidden_layers": 1,
       "num_attention_heads": 1, "max_position_embeddings": 32}
      """
    let files = [
      "model.safetensors": weights, "config.json": Data(configuration.utf8),
      "tokenizer_config.json": settings.map { Data($0.utf8) },
    ]
    for case (let name, let data?) in files { try data.write(to: URL(fileURLWithPath: folder + "/" + name)) }
    return (try openCheckpoint(path: folder), remove)
  }

  @Test(arguments: names) func `Token ids equal those of the tokenizers package`(name: String) throws {
    let golden = try FolderGolden()
    let expected = try #require(golden.models[name])
    let settings = name == "llama-bpe" ? "{\"bos_token\": \"<|endoftext|>\"}" : nil
    let (checkpoint, remove) = try open(FolderGolden.url(name + "/tokenizer.json"), settings: settings)
    defer { remove() }
    let tokenizer = try Tokenizer(checkpoint)
    if !["gemma", "llama"].contains(name) {
      #expect(try checkpoint.metadata.string("tokenizer.ggml.pre") == name)
    }
    for (index, text) in golden.texts.enumerated() {
      #expect(
        try tokenizer.encode(text, special: .parse) == expected.parse[index], "\(text.debugDescription)")
      #expect(
        try tokenizer.encode(text, special: .asText) == expected.asText[index], "\(text.debugDescription)")
    }
    #expect(try tokenizer.encode("a", special: .asText, addSpecial: true) == expected.withSpecial)
  }

  @Test(arguments: [RealFile.deepSeekV3Tokenizer, .deepSeekV4Tokenizer])
  func `DeepSeek's own files give the ids that are recorded of them`(file: RealFile) async throws {
    let (checkpoint, remove) = try open(URL(fileURLWithPath: try await file.path()), rows: 129_280)
    defer { remove() }
    #expect(try checkpoint.metadata.string("tokenizer.ggml.pre") == "deepseek-v3")
    let tokenizer = try Tokenizer(checkpoint)
    let golden = try `Real vocabularies give the reference's tokens`.Golden.load()
    let expected = try #require(golden.models["\(file)"])
    for (text, ids) in zip(golden.texts, expected.parse) {
      #expect(try tokenizer.encode(text, special: .parse) == ids, "\(text.debugDescription)")
    }
    // What structures a conversation is no text, although the file does not mark it special.
    let user = try #require(tokenizer.specialToken("<｜User｜>"))
    #expect(tokenizer.type(of: user) == .control)
    #expect(try !tokenizer.encode("<｜User｜>", special: .asText).contains(user))
  }
}
