import Foundation
import MinkeCheckpoints
import Testing

@Suite("A folder's files are its own")
struct FolderFilesTests {
  /// The tiny model in two shards.
  private func sharded(_ map: [String: String]? = nil) throws -> TinyFolder {
    var (first, second) = (RawSafetensors(), RawSafetensors())
    first.add("model.embed_tokens.weight", [6, 8], (0..<48).map { Float($0) })
    second.add("model.norm.weight", [8], (0..<8).map { Float($0) })
    let map = map ?? ["model.embed_tokens.weight": "a.safetensors", "model.norm.weight": "b.safetensors"]
    let index = try JSONSerialization.data(withJSONObject: ["weight_map": map, "metadata": ["total_size": 1]])
    return try TinyFolder([
      "model.safetensors": nil, "a.safetensors": first.bytes, "b.safetensors": second.bytes,
      "model.safetensors.index.json": Array(index),
    ])
  }

  private func text(_ folder: TinyFolder) -> String {
    do {
      try folder.open().validateTensors()
      return "no error"
    } catch { return error.description }
  }

  @Test("Shards are found by the index")
  func shards() throws {
    let checkpoint = try sharded().open()
    #expect(checkpoint.parts.count == 3)
    #expect(try checkpoint.floats("output_norm.weight") == (0..<8).map { Float($0) })
    let embedding = ["model.embed_tokens.weight": "a.safetensors"]
    #expect(
      text(try sharded(embedding.merging(["model.norm.weight": "a.safetensors"]) { $1 })).contains("index"))
    #expect(
      text(try sharded(embedding.merging(["model.norm.weight": "c.safetensors"]) { $1 })).contains(
        "no such file"))
    #expect(text(try sharded(embedding.merging(["x": "b.safetensors"]) { $1 })).contains("index"))
    #expect(text(try sharded([:])).contains("0 files"))
  }

  @Test(
    "Names that lead elsewhere are refused",
    arguments: [
      "../a.safetensors", "/etc/a.safetensors", "x/a.safetensors", "x\\a.safetensors", "a.safetensors\0", "",
      "config.json", "..",
    ])
  func names(name: String) throws {
    let text = text(try sharded(["model.embed_tokens.weight": name, "model.norm.weight": "b.safetensors"]))
    #expect(text.contains("the name of a .safetensors file in the same folder"), "\(text)")
  }

  @Test("A link within the folder is followed, one that leaves it is not")
  func links() throws {
    let manager = FileManager.default
    let folder = try TinyFolder(["weights.bin": TinyFolder.weights().bytes, "model.safetensors": nil])
    let link = folder.path + "/model.safetensors"
    try manager.createSymbolicLink(atPath: link, withDestinationPath: "weights.bin")
    #expect(text(folder) == "no error")
    for name in ["model.safetensors", "config.json", "tokenizer.json", "generation_config.json"] {
      let outside = try TinyFolder()
      let folder = try TinyFolder([name: nil])
      let target = outside.path + "/" + (name == "generation_config.json" ? "config.json" : name)
      try manager.createSymbolicLink(atPath: folder.path + "/" + name, withDestinationPath: target)
      #expect(text(folder).contains("\(name): found a link that leaves the folder"), "\(text(folder))")
    }
  }

  @Test("The layout of the Hugging Face cache is followed, for blobs of the same model")
  func cache() throws {
    let manager = FileManager.default
    let root = try TemporaryFolder()
    let model = root.path + "/models--owner--Tiny-1B"
    let snapshot = model + "/snapshots/0123abc"
    let source = try TinyFolder()
    try manager.createDirectory(atPath: snapshot, withIntermediateDirectories: true)
    try manager.createDirectory(atPath: model + "/blobs", withIntermediateDirectories: true)
    try manager.createDirectory(atPath: root.path + "/other", withIntermediateDirectories: true)
    for (number, name) in ["config.json", "tokenizer.json", "model.safetensors"].enumerated() {
      try manager.copyItem(atPath: source.path + "/" + name, toPath: model + "/blobs/\(number)")
      try manager.createSymbolicLink(
        atPath: snapshot + "/" + name, withDestinationPath: "../../blobs/\(number)")
    }
    let checkpoint = try openCheckpoint(path: snapshot)
    #expect(try checkpoint.metadata.string("general.name") == "Tiny-1B")
    try checkpoint.validateTensors()

    try manager.moveItem(atPath: model + "/blobs/2", toPath: root.path + "/other/2")
    try manager.removeItem(atPath: snapshot + "/model.safetensors")
    try manager.createSymbolicLink(
      atPath: snapshot + "/model.safetensors", withDestinationPath: "../../../other/2")
    #expect(throws: CheckpointError.self) { try openCheckpoint(path: snapshot) }
  }

  @Test("What is missing is named")
  func missing() throws {
    #expect(text(try TinyFolder(["config.json": nil])).contains("a folder without config.json"))
    #expect(text(try TinyFolder(["tokenizer.json": nil])).contains("tokenizer.json: found no such file"))
    #expect(text(try TinyFolder(["model.safetensors": nil])).contains("weights in safetensors format"))
    #expect(throws: CheckpointError.self) { try openCheckpoint(path: "/nonexistent/model") }
  }

  @Test("A shard that is cut short is refused when its tensors are used")
  func truncated() throws {
    let whole = TinyFolder.weights().bytes
    let folder = try TinyFolder(["model.safetensors": Array(whole.dropLast(5))])
    let checkpoint = try folder.open()
    #expect(try checkpoint.metadata.string("tokenizer.ggml.model") == "gpt2")
    let error = #expect(throws: CheckpointError.self) { try checkpoint.validateTensors() }
    #expect(error?.kind == .truncated)
    #expect(error?.place == .tensor("model.layers.0.mlp.down_proj.weight"))
  }
}
