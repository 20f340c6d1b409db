import Foundation
import Testing

/// A folder in Hugging Face layout with a random model of one layer, which runs and writes nonsense.
private struct ModelFolder {
  let folder: Folder
  var path: String { folder.path + "/tiny" }

  static let width = 8

  init(_ architecture: String = "LlamaForCausalLM") throws {
    folder = try Folder()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try folder.write(
      """
      {"architectures": ["\(architecture)"], "hidden_size": \(Self.width), "intermediate_size": 4, "num_hidden_layers": 1,
       "num_attention_heads": 2, "max_position_embeddings": 64, "tie_word_embeddings": true}
      """.utf8, to: "tiny/config.json")
    let vocabulary = (0..<94).map { number in
      let character = Character(Unicode.Scalar(UInt8(0x21 + number)))
      return "\"\(character == "\"" || character == "\\" ? "\\" : "")\(character)\": \(number)"
    }
    try folder.write(
      """
      {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
       "model": {"type": "BPE", "vocab": {\(vocabulary.joined(separator: ", "))}, "merges": []}}
      """.utf8, to: "tiny/tokenizer.json")
    try folder.write("{\"eos_token\": \"!\"}".utf8, to: "tiny/tokenizer_config.json")
    try folder.write("{{ messages[0].content }}".utf8, to: "tiny/chat_template.jinja")
    try folder.write(Self.weights, to: "tiny/model.safetensors")
  }

  private static var weights: Data {
    let layer = "model.layers.0."
    let shapes: [(String, [Int])] = [
      ("model.embed_tokens.weight", [94, width]), ("model.norm.weight", [width]),
      (layer + "input_layernorm.weight", [width]), (layer + "post_attention_layernorm.weight", [width]),
      (layer + "self_attn.q_proj.weight", [width, width]),
      (layer + "self_attn.k_proj.weight", [width, width]),
      (layer + "self_attn.v_proj.weight", [width, width]),
      (layer + "self_attn.o_proj.weight", [width, width]),
      (layer + "mlp.gate_proj.weight", [4, width]), (layer + "mlp.up_proj.weight", [4, width]),
      (layer + "mlp.down_proj.weight", [width, 4]),
    ]
    var (header, data) = ("", Data())
    for (name, shape) in shapes {
      let start = data.count
      for number in 0..<shape.reduce(1, *) {
        // Numbers between −1 and 1 that repeat late.
        let bits = (Float((number &* 7919 &+ start) % 1009) / 504 - 1).bitPattern
        data.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) })
      }
      header += "\(header.isEmpty ? "{" : ",")\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),"
      header += "\"data_offsets\":[\(start),\(data.count)]}"
    }
    header += "}"
    return Data((0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) }) + Data(header.utf8)
      + data
  }
}

@Suite struct `A model folder on the command line` {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func `is converted, shown, tokenised, rendered, and answers as the file made of it`() throws {
    let model = try ModelFolder()
    let file = model.folder.path + "/tiny.gguf"
    let converted = try CommandRun(["convert", model.path, "-o", file, "--json"])
    #expect(converted.status == 0, "\(converted.errors)")
    let summary = try object(converted.output)
    #expect(summary["output"] as? [String] == [file])
    #expect(summary["tensors"] as? Int == 11)
    #expect(summary["type"] as? String == "F32")
    #expect(
      summary["bytes"] as? Int == (try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int))

    let shown = try object(CommandRun(["show", model.path, "--json"]).output)
    #expect(shown["architecture"] as? String == "llama")
    #expect(shown["name"] as? String == "tiny")
    #expect(shown["problem"] == nil)
    let messages = try model.folder.write("[{\"role\": \"user\", \"content\": \"Hi\"}]".utf8, to: "m.json")
    for path in [model.path, model.path + "/", file] {
      let tokens = try CommandRun(["tokenize", path, "--json"], input: Data("ab!".utf8))
      #expect(tokens.output == "{\"ids\": [64, 65, 0]}\n")
      #expect(try CommandRun(["render", path, "--messages", messages]).output == "Hi")
    }
    let home = model.folder.path + "/home"
    let runs = try [model.path, file, model.path].map { path in
      try CommandRun(
        ["run", path, "abc", "--json", "--temperature", "0", "--max-tokens", "12"], home: home)
    }
    let answers = try runs.map { try #require(object($0.output)["answer"] as? String) }
    #expect(answers[0].utf8.count >= 12)
    #expect(answers[1] == answers[0] && answers[2] == answers[0])
    let text = try model.folder.write(String(repeating: "abcdefgh", count: 20).utf8, to: "text.txt")
    let perplexities = try [model.path, file].map {
      try CommandRun(["perplexity", $0, text, "--context-size", "32", "--json"], home: home).output
    }
    #expect(perplexities[0] == perplexities[1] && perplexities[0].contains("perplexity"))
    let bench = try CommandRun(
      ["bench", model.path, "--prompt", "8", "--generate", "4", "--repetitions", "1", "--json"], home: home)
    #expect(bench.status == 0, "\(bench.errors)")
  }

  @Test func `does not take the place of a file unless it is forced to`() throws {
    let model = try ModelFolder()
    let file = try model.folder.write("mine".utf8, to: "out.gguf")
    let refused = try CommandRun(["convert", model.path, "-o", file])
    #expect(refused.status == 1)
    #expect(refused.errorLines.count == 1 && refused.errors.contains("--force"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
    let forced = try CommandRun(["convert", model.path, "-o", file, "--force", "--type", "bf16"])
    #expect(forced.status == 0)
    #expect(forced.output.contains("11 tensors, BF16"))
    #expect(try CommandRun(["show", file]).status == 0)
  }

  @Test func `is written in parts`() throws {
    let model = try ModelFolder()
    let run = try CommandRun(
      ["convert", model.path, "-o", model.folder.path + "/out.gguf", "--split-size", "2K", "--json"])
    let paths = try #require(object(run.output)["output"] as? [String])
    #expect(paths.count > 1)
    #expect(paths[0].hasSuffix("out-00001-of-0000\(paths.count).gguf"))
    #expect(try CommandRun(["show", paths[0]]).status == 0)
  }

  @Test func `gives one line where it is none, or of a kind that is not known`() throws {
    let unknown = try ModelFolder("MambaForCausalLM")
    let empty = try Folder()
    for arguments in [
      ["convert", unknown.path, "-o", unknown.folder.path + "/x.gguf"], ["show", unknown.path],
      ["run", unknown.path, "a"],
      ["convert", empty.path, "-o", empty.path + "/x.gguf"], ["show", empty.path],
    ] {
      let run = try CommandRun(arguments)
      #expect(run.status == 1, "\(arguments)")
      #expect(run.errorLines.count == 1, "\(run.errors)")
    }
    #expect(try CommandRun(["show", unknown.path]).errors.contains("LlamaForCausalLM, MistralForCausalLM"))
    for options in [["--type", "q4_0"], ["--split-size", "0"], ["--split-size", "x"], ["--threads", "0"]] {
      #expect(try CommandRun(["convert", unknown.path, "-o", "x.gguf"] + options).status == 64)
    }
  }
}
