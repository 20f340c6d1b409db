import Foundation
import MinkeHub
import Testing

/// Quantising as a person does it, on models that are small or fetched.
@Suite(.serialized) struct `Quantising a model` {
  /// The command on the tests' store, in which SmolLM2 is.
  func run(_ arguments: String...) async throws -> CommandRun {
    _ = try await RealModel.smolLM2.path()
    return try CommandRun(
      arguments, home: RealFile.hub().store.root, environment: ["MINKE_PYTHON": "/nonexistent"])
  }

  @Test func `A quantised model is quantised again on demand, is smaller, and answers`() async throws {
    let folder = try Folder()
    let target = folder.path + "/small.gguf"
    let refused = try await run("quantize", "smollm2:135m", target, "q4_0")
    #expect(refused.status == 1 && refused.output == "")
    #expect(refused.errorLines.count == 1)
    #expect(refused.errors.contains("Q4_1, which is quantised already"))
    #expect(refused.errors.contains("--allow-requantize"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])

    let done = try await run("quantize", "smollm2:135m", target, "q4_0", "--allow-requantize", "--json")
    #expect(done.status == 0 && done.errors == "")
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any])
    #expect(report["type"] as? String == "Q4_0")
    let side = try #require(report["target"] as? [String: Any])
    let bytes = try #require(side["bytes"] as? Int)
    let size = try #require(
      FileManager.default.attributesOfItem(atPath: target)[.size] as? NSNumber
    ).intValue
    #expect(bytes < size && size < bytes + 4_000_000, "tensors and metadata")

    let again = try await run("quantize", "smollm2:135m", target, "q4_0", "--allow-requantize")
    #expect(again.status == 1 && again.errors.contains("--force"))
    let answer = try await run(
      "run", target, "What is the capital of France?", "--temperature", "0", "--max-tokens", "40",
      "--no-pack-cache")
    #expect(answer.output.contains("Paris"))
  }

  @Test func `An importance matrix is made, used and named in the file`() async throws {
    let folder = try Folder()
    let text = try folder.write(`The command on a real model`.text.utf8, to: "text.txt")
    let matrix = folder.path + "/model.imatrix.gguf"
    let target = folder.path + "/small.gguf"
    let made = try await run(
      "imatrix", "smollm2:135m", text, "-o", matrix, "--context-size", "64", "--chunks", "1",
      "--no-pack-cache")
    #expect(made.status == 0)
    #expect(made.output.hasPrefix("211 tensors over 1 chunks of 64 tokens"))
    let refused = try await run("imatrix", "smollm2:135m", text, "-o", matrix, "--context-size", "64")
    #expect(refused.status == 1 && refused.errors.contains("--force"))
    let done = try await run(
      "quantize", "smollm2:135m", target, "iq4_nl", "--allow-requantize", "--imatrix", matrix, "--json")
    #expect(done.status == 0 && done.output.contains(#""without_importance" : ["#))
    let shown = try await run("quantize", "smollm2:135m", folder.path + "/b.gguf", "q8_0", "--imatrix", text)
    #expect(shown.status == 1 && shown.errorLines.count == 1)
  }

  @Test func `Wrong words are refused with those that are right`() throws {
    let type = try CommandRun(["quantize", "a.gguf", "b.gguf", "q9"])
    #expect(type.status == 64)
    #expect(type.errors.contains("'q9' is no file type; expected F32, F16, BF16, Q8_0"))
    let tensor = try CommandRun(["quantize", "a.gguf", "b.gguf", "q8_0", "--output-tensor-type", "q4_k_m"])
    #expect(tensor.status == 64 && tensor.errors.contains("'q4_k_m' is no element type; expected F32"))
    let missing = try CommandRun(["quantize", "./none.gguf", "b.gguf", "q8_0"])
    #expect(missing.status == 1 && missing.errorLines.count == 1)
  }
}
