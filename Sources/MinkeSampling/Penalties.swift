/// The steps that change single logits before the distribution is formed: bias, repetition, presence,
/// frequency and DRY. Holds the history that they need.
struct Penalties {
  private let parameters: SamplingParameters
  private let bias: [(token: Int, value: Float)]
  /// How often each token occurs in the last `repetitionWindow` tokens; `nil` if the penalty is off.
  private var window: TokenTable<Int32>?
  /// How often each token was generated; `nil` if both of OpenAI's penalties are off.
  private var generated: TokenTable<Int32>?
  private var dry: DRYPenalty?
  private var history: [Int32] = []
  private let vocabularySize: Int

  /// Whether ``apply(to:)`` may change anything.
  let isActive: Bool

  init(_ parameters: SamplingParameters, vocabularySize: Int, breakerTokens: [Int32]) {
    self.parameters = parameters
    self.vocabularySize = vocabularySize
    bias = parameters.logitBias.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    if parameters.repetitionPenalty != 1, parameters.repetitionWindow != 0 {
      window = TokenTable(vocabularySize: vocabularySize)
    }
    if parameters.presencePenalty != 0 || parameters.frequencyPenalty != 0 {
      generated = TokenTable(vocabularySize: vocabularySize)
    }
    if let settings = parameters.dry, settings.multiplier > 0 {
      dry = DRYPenalty(settings, vocabularySize: vocabularySize, breakerTokens: breakerTokens)
    }
    isActive = !bias.isEmpty || window != nil || generated != nil || dry != nil
  }

  /// Records a token of the context; `isGenerated` is false for the prompt's. A token outside the
  /// vocabulary has no logit to penalise and is left out.
  mutating func append(_ token: Int32, isGenerated: Bool) {
    guard token >= 0, Int(token) < vocabularySize else { return }
    if isGenerated { generated?.add(1, to: token) }
    guard window != nil || dry != nil else { return }
    history.append(token)
    window?.add(1, to: token)
    if let length = parameters.repetitionWindow, history.count > length {
      window?.add(-1, to: history[history.count - 1 - length])
    }
  }

  /// Undoes the last ``append(_:isGenerated:)``, which was of this generated token.
  mutating func removeLast(_ token: Int32) {
    guard token >= 0, Int(token) < vocabularySize else { return }
    generated?.add(-1, to: token)
    guard window != nil || dry != nil, history.popLast() != nil else { return }
    window?.add(-1, to: token)
    if let length = parameters.repetitionWindow, history.count >= length {
      window?.add(1, to: history[history.count - length])
    }
  }

  /// Changes the logits in place, in the documented order.
  mutating func apply(to logits: inout MutableSpan<Float>) {
    for entry in bias { logits[entry.token] += entry.value }
    if let window {
      let penalty = parameters.repetitionPenalty
      for token in window.tokens {
        let logit = logits[Int(token)]
        logits[Int(token)] = logit > 0 ? logit / penalty : logit * penalty
      }
    }
    if let generated {
      for index in 0..<generated.count {
        logits[Int(generated.tokens[index])] -=
          parameters.presencePenalty + parameters.frequencyPenalty * Float(generated.values[index])
      }
    }
    dry?.apply(to: &logits, history: history)
  }
}
