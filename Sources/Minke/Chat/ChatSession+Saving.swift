internal import Foundation
public import MinkeChat
internal import MinkeCheckpoints
public import MinkeEngine
internal import MinkeTokenizers
internal import Synchronization

/// A conversation that goes on where it was saved.
public struct RestoredSession: Sendable {
  public let session: ChatSession
  /// What became of its keys and values. Without them the next turn computes the whole conversation again.
  public let cache: RestoredCache
  /// The name of the model that it was spoken with.
  public let modelName: String
  /// Whether that was this session's model, be it in another quantisation.
  public let isOfThisModel: Bool
}

extension ChatSession {
  /// Saves the conversation in one file: its messages, the tokens as they were spoken, and what the engine has of their keys
  /// and values, so that it goes on after a restart as if it had not ended.
  ///
  /// The file says what was asked and answered to whoever can read it, so only this user may; it appears under its name when it
  /// is complete. It waits for the disk. Tools and parameters are not saved: they are the program's to give.
  ///
  /// - Throws: ``MinkeError``: the session is answering, or the file cannot be written.
  @discardableResult
  public func save(to path: String) throws(MinkeError) -> SavedCache {
    let (messages, spoken, isBusy) = state.withLock { ($0.messages, $0.spoken.tokens, $0.running != nil) }
    guard !isBusy else {
      throw MinkeError(.busy, "the session is still answering; expected a finished answer before it is saved")
    }
    return try rethrowing {
      let conversation = try JSONEncoder().encode(SavedConversation(model, messages, spoken))
      func save(_ part: SavedPart, _ fingerprint: CacheFingerprint) throws -> SavedCache {
        SavedCache(
          try model.engine.save(
            part, of: identity, conversation: Array(conversation), fingerprint: fingerprint, to: path))
      }
      do {
        return try save(.path(spoken), model.fingerprint())
      } catch let error as CheckpointError {
        throw error
      } catch {
        // What was said counts for more than what it takes to compute it again.
        var saved = try save(.nothing, model.engine.fingerprint(checkpoint: "unknown"))
        saved.leftOut = "\(error)"
        return saved
      }
    }
  }

  /// Goes on with a conversation that ``save(to:)`` has written.
  ///
  /// Keys and values come back where the file's are of use to this model: those of another quantisation or another type of the
  /// cache are left out, which ``RestoredCache/leftOut`` says, and computed again with the next turn.
  ///
  /// - Throws: ``MinkeError``: the file is damaged, or holds no conversation.
  public static func restore(
    from path: String, model: LanguageModel, tools: [Tool] = [],
    parameters: GenerationParameters = GenerationParameters(), identity: Identity = .local
  ) throws(MinkeError) -> RestoredSession {
    try rethrowing {
      let file = try SavedFile.opened(path: path)
      let saved = try SavedConversation(file)
      let messages = try saved.messages.map { try $0.message(in: file) }
      let (cache, isSameCheckpoint) = try restoreCache(file, model, identity)
      let session = ChatSession(model: model, tools: tools, parameters: parameters, identity: identity)
      // Another checkpoint may have another vocabulary.
      let spoken = saved.tokens(atMost: model.contextLength)
      let isKnown = isSameCheckpoint && spoken.allSatisfy { $0 >= 0 && $0 < model.tokenizer.count }
      session.state.withLock { state in
        state.messages = messages
        if isKnown { state.spoken.note(spoken, model.tokenizer) }
      }
      return RestoredSession(
        session: session, cache: cache, modelName: saved.model.name,
        isOfThisModel: saved.model == SavedConversation.Model(model.information))
    }
  }

  /// Brings back what is of use to the model.
  private static func restoreCache(
    _ file: SavedFile, _ model: LanguageModel, _ identity: Identity
  ) throws(SavedFileError) -> (RestoredCache, isSameCheckpoint: Bool) {
    var cache = RestoredCache()
    let fingerprint: CacheFingerprint
    do {
      fingerprint = try model.fingerprint()
    } catch {
      cache.leftOut = "\(error)"
      return (cache, false)
    }
    do throws(SavedFileError) {
      cache = RestoredCache(try model.engine.restore(file, fingerprint: fingerprint, into: identity))
    } catch {
      guard error.kind == .mismatch || error.kind == .unsupported else { throw error }
      cache.leftOut = error.description
    }
    return (cache, fingerprint.hasCheckpoint(of: file.fingerprint))
  }
}

// MARK: What a file says

/// A conversation as JSON.
private struct SavedConversation: Codable {
  struct Model: Codable, Equatable {
    var name: String
    var architecture: String
    var vocabularySize: Int

    init(_ information: ModelInformation) {
      name = information.name
      architecture = information.architecture
      vocabularySize = information.vocabularySize
    }
  }

  struct Turn: Codable {
    struct Call: Codable {
      var id: String?
      var name: String
      var arguments: String
    }

    var role: String
    var content: String?
    var reasoning: String?
    var toolCalls: [Call]?
    var toolCallID: String?
    var name: String?
  }

  var model: Model
  var messages: [Turn]
  /// The tokens as they were spoken: 4 bytes each, little-endian.
  var spoken: Data

  init(_ model: LanguageModel, _ messages: [Message], _ spoken: [TokenID]) {
    self.model = Model(model.information)
    self.messages = messages.map(Turn.init)
    self.spoken = spoken.reduce(into: Data(capacity: 4 * spoken.count)) { data, token in
      for shift in stride(from: 0, to: 32, by: 8) {
        data.append(UInt8(truncatingIfNeeded: token >> TokenID(shift)))
      }
    }
  }

  /// - Parameter limit: as many tokens as a conversation has at most; of more, none are of use.
  func tokens(atMost limit: Int) -> [TokenID] {
    guard spoken.count.isMultiple(of: 4), spoken.count / 4 <= limit else { return [] }
    let bytes = Array(spoken)
    return stride(from: 0, to: bytes.count, by: 4).map { start in
      (0..<4).reduce(0) { $0 | TokenID(bytes[start + $1]) << TokenID(8 * $1) }
    }
  }

  init(_ file: SavedFile) throws {
    guard !file.conversation.isEmpty else {
      throw SavedFileError(
        .foreign, file.path, found: "a saved cache without a conversation", expected: "a saved conversation")
    }
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(file.conversation))
    } catch {
      throw SavedFileError(
        .damaged, file.path, found: "a conversation that cannot be read",
        expected: "messages and tokens as JSON")
    }
  }
}

extension SavedConversation.Turn {
  fileprivate init(_ message: Message) {
    role = message.role.rawValue
    content = message.content
    reasoning = message.reasoning
    toolCalls =
      message.toolCalls.isEmpty
      ? nil : message.toolCalls.map { Call(id: $0.id, name: $0.name, arguments: $0.arguments) }
    toolCallID = message.toolCallID
    name = message.name
  }

  fileprivate func message(in file: SavedFile) throws(SavedFileError) -> Message {
    guard let role = Role(rawValue: role) else {
      throw SavedFileError(
        .damaged, file.path, found: "a message of \(role)",
        expected: Role.allCases.map(\.rawValue).joined(separator: ", "))
    }
    var message = Message(role, content)
    message.reasoning = reasoning
    message.toolCalls = (toolCalls ?? []).map { ToolCall(id: $0.id, name: $0.name, arguments: $0.arguments) }
    message.toolCallID = toolCallID
    message.name = name
    return message
  }
}
