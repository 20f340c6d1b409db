import Foundation
import Testing

extension `The command on a real model` {
  @Test func `A conversation goes on from one run to the next`() async throws {
    let folder = try Folder()
    let file = folder.path + "/talk"
    func ask(_ question: String) async throws -> [String: Any] {
      let run = try await run("run", "smollm2", question, "--session", file, "--json", "--temperature", "0")
      #expect(run.status == 0 && run.errors == "")
      return try object(run.output)
    }
    func usage(_ answer: [String: Any], _ name: String) -> Int {
      (answer["usage"] as? [String: Int])?[name] ?? -1
    }
    let first = try await ask("What is the capital of France?")
    #expect(usage(first, "cached_tokens") == 0)
    let second = try await ask("And of Italy?")
    #expect((second["answer"] as? String)?.contains("Rome") == true)
    #expect(
      usage(second, "cached_tokens") >= usage(first, "prompt_tokens") + usage(first, "completion_tokens") - 1)
    // Other types of the cache: said once, and the answer comes all the same.
    let third = try await run(
      "run", "smollm2", "Thanks.", "--session", file, "--cache-type-k", "bf16", "--max-tokens", "8")
    #expect(third.status == 0 && third.errorLines.count == 1)
    #expect(third.errors.contains("is computed again"))
    // Instructions come before the first word.
    let fourth = try await run("run", "smollm2", "Hello", "--session", file, "--system", "Be brief.")
    #expect(fourth.status == 1 && fourth.errors.contains("leave it out, or name another file"))
  }

  @Test func `Another model's conversation, and a file that is none, are left as they are`() async throws {
    let folder = try Folder()
    let file = folder.path + "/talk"
    _ = try await run("run", "smollm2", "Hello", "--session", file, "--max-tokens", "8")
    let before = try Data(contentsOf: URL(fileURLWithPath: file))
    let other = try await run("run", "gemma3", "Hello", "--session", file, model: .gemma3)
    #expect(other.status == 1 && other.output == "" && other.errorLines.count == 1)
    #expect(other.errors.contains("is a conversation with"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)

    let nowhere = try await run("run", "smollm2", "Hello", "--session", folder.path + "/no/talk")
    #expect(nowhere.status == 1 && nowhere.output == "" && nowhere.errors.contains("no file can be written"))

    let text = try folder.write("A letter.".utf8, to: "letter.txt")
    let none = try await run("run", "smollm2", "Hello", "--session", text)
    #expect(none.status == 1 && none.output == "" && none.errorLines.count == 1)
    #expect(none.errors.contains("found a file of another kind") && none.errors.contains("name another file"))
    #expect(try String(contentsOfFile: text, encoding: .utf8) == "A letter.")
  }
}
