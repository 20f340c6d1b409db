import Minke
import MinkeChat
import Observation

/// The conversation that a window or a terminal shows.
@MainActor @Observable
final class Chat {
  enum State: Equatable {
    case empty
    case loading
    case ready
    case answering
    case failed(String)
  }

  private(set) var state = State.empty
  private(set) var exchanges: [Exchange] = []
  private(set) var modelName: String?
  private var session: ChatSession?

  var canLoad: Bool { state != .loading && state != .answering }

  /// Takes the model at `path`, a GGUF file or a folder, in place of the one before.
  func load(path: String) async {
    guard canLoad else { return }
    state = .loading
    // Two models at once may be more than fits.
    session = nil
    do {
      try begin(with: await Self.model(at: path))
    } catch {
      state = .failed("\(error)")
    }
  }

  /// Forgets what was said.
  func startOver() {
    guard let session, state == .ready else { return }
    do {
      try begin(with: session.model)
    } catch {
      state = .failed("\(error)")
    }
  }

  /// Asks, and returns when the answer is complete.
  func ask(_ question: String) async {
    guard let session, state == .ready else { return }
    let place = exchanges.count
    exchanges.append(Exchange(id: place, question: question))
    state = .answering
    do {
      for try await event in session.respond(to: question) { exchanges[place].add(event) }
    } catch {
      exchanges[place].fail(error)
    }
    state = .ready
  }

  /// Ends the answer; what there is of it stays.
  func stop() { session?.stop() }

  private func begin(with model: LanguageModel) throws {
    var parameters = GenerationParameters()
    parameters.effort = .low
    // Small models may not find an end.
    parameters.maximumTokens = 2048
    parameters.overflow = .dropOldestTurns
    // To offer tools to a model that was trained without is an error.
    let capabilities = model.capabilities
    let takesTools = capabilities.tools && capabilities.toolCalls != nil
    session = ChatSession(
      model: model, tools: takesTools ? [try UnitConversion.tool()] : [], parameters: parameters)
    modelName = model.information.name
    exchanges = []
    state = .ready
  }

  /// Reading and packing weights takes seconds, which the main actor has not.
  @concurrent
  private nonisolated static func model(at path: String) async throws -> LanguageModel {
    try LanguageModel.load(path: path)
  }
}
