internal import MinkeChat
internal import MinkeCheckpoints
internal import MinkeEngine
internal import MinkeGrammar
internal import MinkeModels
internal import MinkeSampling
internal import MinkeTensors
internal import MinkeTokenizers

extension MinkeError {
  /// The error of a module below, as this module's.
  init(_ error: any Error) {
    self =
      switch error {
      case let error as MinkeError: error
      case let error as CheckpointError:
        MinkeError(error.kind == .unsupported ? .unsupported : .checkpoint, error.description)
      case let error as TokenizerError: MinkeError(.tokenizer, "\(error)")
      case let error as ChatError: MinkeError(.template, error.description)
      case let error as SamplingError:
        MinkeError(error.field.hasPrefix("logits") ? .numeric : .parameters, error.description)
      case let error as GrammarError: MinkeError(.parameters, error.description)
      case let error as ModelError: MinkeError(.parameters, error.description)
      case let error as EngineError: MinkeError(Self.kind(of: error), error.description)
      case let error as TensorError: MinkeError(.memory, error.description)
      default: MinkeError(.checkpoint, "\(error)")
      }
  }

  private static func kind(of error: EngineError) -> Kind {
    switch error.kind {
    case .queueFull: .busy
    case .draft: .unsupported
    case .memory, .tokens, .closed: .memory
    }
  }
}

/// Runs `body`, whose errors come from the modules below, and throws them as this module's.
func rethrowing<Result>(_ body: () throws -> Result) throws(MinkeError) -> Result {
  do { return try body() } catch { throw MinkeError(error) }
}
