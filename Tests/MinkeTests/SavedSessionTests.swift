import Foundation
import Minke
import MinkeChat
import MinkeEngine
import MinkeSampling
import Testing

@Suite(.serialized) struct `Conversations that outlive a process` {
  private let folder = NSTemporaryDirectory() + "minke-session-" + UUID().uuidString

  private func file(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder + "/" + name
  }

  private var greedy: GenerationParameters {
    var parameters = GenerationParameters()
    parameters.sampling = .greedy
    parameters.maximumTokens = 48
    return parameters
  }

  private func load(
    _ model: RealModel = .smolLM2, keys: CacheType = .f16
  ) async throws -> LanguageModel {
    try LanguageModel.load(
      path: try await model.path(), options: LoadOptions(contextLength: 2048, keyCache: keys))
  }

  @Test func `It goes on after a restart as if it had not ended`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = try file("a")
    let before = try await load()
    let session = ChatSession(model: before, system: "Answer in one sentence.", parameters: greedy)
    _ = try await Answer(session.respond(to: "What is the capital of France?"))
    let saved = try session.save(to: path)
    let onward = try await Answer(session.respond(to: "And of Italy?"))

    let after = try await load()
    let restored = try ChatSession.restore(from: path, model: after, parameters: greedy)
    #expect(restored.isOfThisModel && restored.cache.leftOut == nil)
    #expect(restored.cache.tokens == saved.tokens && restored.cache.bytes == saved.bytes)
    #expect(restored.session.messages == Array(session.messages.dropLast(2)))
    let answer = try await Answer(restored.session.respond(to: "And of Italy?"))
    #expect(answer.text == onward.text)
    #expect(answer.result?.usage == onward.result?.usage)
    #expect(answer.result?.usage.cachedTokens == saved.tokens)
    #expect(restored.session.messages == session.messages)
  }

  @Test func `With other types of the cache it goes on without what was computed`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = try file("a")
    let session = ChatSession(model: try await load(), parameters: greedy)
    _ = try await Answer(session.respond(to: "What is the capital of France?"))
    try session.save(to: path)
    let coarse = try await load(keys: .bf16)
    let restored = try ChatSession.restore(from: path, model: coarse, parameters: greedy)
    #expect(restored.isOfThisModel && restored.session.messages == session.messages)
    #expect(restored.cache.leftOut?.contains("keys f16, values f16") == true)
    let answer = try await Answer(restored.session.respond(to: "And of Italy?"))
    #expect(answer.result?.usage.cachedTokens == 0 && answer.result?.isEmpty == false)
    let error = #expect(throws: MinkeError.self) { try coarse.restoreCache(from: path) }
    #expect(error?.kind == .savedFile)
  }

  @Test func `Another model takes over what was said, and knows that it is another`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = try file("a")
    let session = ChatSession(model: try await load(), parameters: greedy)
    _ = try await Answer(session.respond(to: "What is the capital of France?"))
    try session.save(to: path)
    let other = try await load(.qwen25Coder)
    let restored = try ChatSession.restore(from: path, model: other, parameters: greedy)
    #expect(!restored.isOfThisModel && restored.modelName == session.model.information.name)
    #expect(restored.cache.leftOut != nil)
    let answer = try await Answer(restored.session.respond(to: "And of Italy?"))
    #expect(answer.text.contains("Rome") && answer.result?.usage.cachedTokens == 0)
  }

  @Test func `Reasoning, calls of tools and their results come back as they were`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = try file("a")
    let model = try await load(.qwen25Coder)
    var call = Message(.assistant, nil)
    call.reasoning = "\u{0}\"Perhaps\"\n…"
    call.toolCalls = [ToolCall(id: "1", name: "time", arguments: "{\"zone\": \"CET\"}")]
    var result = Message(.tool, "12:00")
    (result.toolCallID, result.name) = ("1", "time")
    let session = ChatSession(model: model, parameters: greedy)
    let question = [.user("What time is it? 中"), call, result, .user("And now?")]
    _ = try await Answer(session.respond(to: question))
    try session.save(to: path)
    let restored = try ChatSession.restore(from: path, model: model, parameters: greedy)
    #expect(restored.session.messages.count == 5 && restored.session.messages == session.messages)
    #expect(restored.cache.presentTokens > 0 && restored.cache.tokens == 0)
  }

  @Test func `A file that is damaged or holds no conversation is an error`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (whole, broken) = (try file("whole"), try file("broken"))
    let model = try await load()
    let session = ChatSession(model: model, parameters: greedy)
    _ = try await Answer(session.respond(to: "Hello"))
    try session.save(to: whole)
    let bytes = try Data(contentsOf: URL(filePath: whole))
    let other = try await load()
    for place in [0, 9, 100, bytes.count / 2, bytes.count - 500, bytes.count - 1] {
      var changed = bytes
      changed[place] ^= 16
      try changed.write(to: URL(filePath: broken))
      let error = #expect(throws: MinkeError.self) { try ChatSession.restore(from: broken, model: other) }
      #expect(error?.kind == .savedFile)
    }
    #expect(other.engine.cacheUsage.cached == 0)
    // A cache alone is no conversation, but a conversation has a cache.
    let saved = try model.saveCache(to: broken)
    #expect(throws: MinkeError.self) { try ChatSession.restore(from: broken, model: other) }
    #expect(try other.restoreCache(from: whole).tokens == saved.tokens)
  }

  @Test func `A session that is answering is not saved`() async throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = try file("a")
    let session = ChatSession(model: try await load(), parameters: greedy)
    for try await event in session.respond(to: "Tell me about whales.") {
      guard case .answer = event else { continue }
      let error = #expect(throws: MinkeError.self) { try session.save(to: path) }
      #expect(error?.kind == .busy)
      break
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
