internal import MinkeEngine
public import MinkeModels
internal import MinkeTokenizers

/// A model that guesses tokens for a larger one.
public struct DraftModel: Sendable {
  /// A GGUF file or a folder, as for the model itself.
  public var path: String
  /// Where its packed weights are kept between runs; nil for nowhere.
  public var packCache: PackCache?

  public init(path: String, packCache: PackCache? = nil) {
    self.path = path
    self.packCache = packCache
  }

  /// - Throws: ``MinkeError`` where the same numbers are not the same tokens for both.
  static func checkVocabulary(_ draft: Tokenizer, against model: Tokenizer) throws(MinkeError) {
    guard let token = model.firstDifference(from: draft) else { return }
    let (own, other) = (model.text(of: token) ?? "", draft.text(of: token) ?? "")
    throw MinkeError(
      .unsupported,
      "the draft model has another vocabulary: token \(token) is \(other.debugDescription); expected "
        + "\(own.debugDescription), as in the model: take a smaller model of the same family")
  }
}

/// Tokens that were guessed and verified since a model was loaded.
public struct GuessStatistics: Sendable, Equatable {
  /// Guesses from what was said before, and by the draft model.
  public var drafted = 0
  /// Those of them that were right.
  public var accepted = 0
  /// Guesses by the draft model.
  public var draftedByModel = 0
  public var acceptedByModel = 0

  init(_ statistics: EngineStatistics) {
    (drafted, accepted) = (statistics.drafted, statistics.accepted)
    (draftedByModel, acceptedByModel) = (statistics.draftedByModel, statistics.acceptedByModel)
  }

  /// What came after an earlier count.
  public func since(_ earlier: GuessStatistics) -> GuessStatistics {
    var new = self
    new.drafted -= earlier.drafted
    new.accepted -= earlier.accepted
    new.draftedByModel -= earlier.draftedByModel
    new.acceptedByModel -= earlier.acceptedByModel
    return new
  }
}
