extension Sampler {
  /// What ``sample(_:)`` would choose behind tokens that are not accepted yet, with the numbers that it will draw there.
  /// Changes nothing but the logits.
  ///
  /// - Returns: nil where the logits are no distribution.
  @unsafe
  package mutating func guess(
    _ logits: UnsafeMutableBufferPointer<Float>, behind guesses: [Int32]
  ) -> Int32? {
    let before = drawCount
    for token in guesses { accept(token) }
    if parameters.temperature > 0 { drawCount &+= UInt64(guesses.count) }
    defer {
      drawCount = before
      retract(guesses)
    }
    return unsafe try? sample(logits).token
  }
}
