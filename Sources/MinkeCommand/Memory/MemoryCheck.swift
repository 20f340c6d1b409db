internal import MinkeHub

/// Whether a model can be loaded here: a pure decision over figures in bytes.
package struct MemoryCheck: Equatable, Sendable {
  package var weights: Int
  /// The key and value cache of the whole context.
  package var cache: Int
  package var scratch: Int
  /// The least memory that the experts of a mixture need, of what ``weights`` counts for them; nil without experts.
  package var leastExperts: Int?

  package init(weights: Int, cache: Int, scratch: Int, leastExperts: Int? = nil) {
    self.weights = weights
    self.cache = cache
    self.scratch = scratch
    self.leastExperts = leastExperts
  }

  package var total: Int {
    [weights, cache, scratch].reduce(0) { sum, part in
      let (result, overflow) = sum.addingReportingOverflow(part)
      return overflow ? .max : result
    }
  }

  /// The error with its figures when the model needs more than there is; nothing when it fits or when
  /// nobody knows what there is.
  ///
  /// - Parameter remedy: what a person can do about it.
  package func check(
    available: Int?, remedy: String = "give a smaller --context-size, take a smaller model"
  ) throws(CommandError) {
    guard let available, total > available else { return }
    throw CommandError(
      "the model needs \(byteText(total)) of memory (weights \(byteText(weights)), cache of the "
        + "context \(byteText(cache)), working room \(byteText(scratch))) and "
        + "\(byteText(available)) are free: \(leastExperts.map(Self.expertRemedy) ?? "")\(remedy), or load it "
        + "anyway with --no-memory-check")
  }

  private static func expertRemedy(_ least: Int) -> String {
    "give less --expert-memory (at least \(byteText(least))), "
  }
}
