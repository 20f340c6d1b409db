internal import Foundation
internal import Minke
internal import MinkeChat
internal import MinkeCheckpoints

/// The file of `--session`: a conversation that goes on from one run to the next.
struct SessionFile {
  let path: String

  /// The conversation in the file; nil where there is no file yet.
  ///
  /// - Throws: `CommandError` for a place that cannot be written, for another model's conversation, for instructions to one
  ///   that has begun, and for a file that is damaged or of another kind.
  func restore(
    _ model: LanguageModel, _ parameters: GenerationParameters, system: String?
  ) throws -> ChatSession? {
    try checkFolder()
    guard FileIdentity(path: path) != nil else { return nil }
    guard system == nil else {
      throw CommandError(
        "--system is for a new conversation, and \(printable(path, limit: 400)) holds one that has begun: leave it out, or "
          + "name another file")
    }
    let restored: RestoredSession
    do {
      restored = try ChatSession.restore(from: path, model: model, parameters: parameters)
    } catch {
      throw CommandError("\(error); nothing was written to it: name another file to begin a new conversation")
    }
    guard restored.isOfThisModel else {
      throw CommandError(
        "\(printable(path, limit: 400)) is a conversation with \(printable(restored.modelName)), not with "
          + "\(printable(model.information.name)): run that model, or name another file to begin a new conversation"
      )
    }
    if let reason = restored.cache.leftOut {
      note("what was computed for this conversation cannot be used, and is computed again: \(reason)")
    }
    return restored.session
  }

  /// A conversation that cannot be written in the end is better not begun.
  private func checkFolder() throws(CommandError) {
    let folder = (path as NSString).deletingLastPathComponent
    guard FileManager.default.isWritableFile(atPath: folder.isEmpty ? "." : folder) else {
      throw CommandError(
        "no file can be written at \(printable(path, limit: 400)): check the folder and its permissions")
    }
  }

  /// Writes the conversation back; nothing where nothing has been said.
  func save(_ session: ChatSession) throws {
    guard session.messages.contains(where: { $0.role != .system }) else { return }
    let saved = try session.save(to: path)
    if let reason = saved.leftOut { note("only what was said is in \(path): \(reason)") }
  }

  private func note(_ text: String) {
    StandardStream.error.write(ErrorLine.text(for: CommandError(text)) + "\n")
  }
}
