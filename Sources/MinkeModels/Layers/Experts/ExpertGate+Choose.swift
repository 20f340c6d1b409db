internal import MinkeTensors

extension ExpertGate {
  /// Chooses the experts of one token.
  ///
  /// - Parameters:
  ///   - scores: the router's logits; on return what the gate makes of them.
  ///   - bias: what is added to scores for the choice alone (arXiv:2408.15664); as many as scores.
  ///   - preferences: memory for as many.
  ///   - chosen: on return the experts, the best first.
  ///   - factors: on return what their results are multiplied by.
  package func choose(
    _ scores: UnsafeMutableBufferPointer<Float>, bias: UnsafePointer<Float>?,
    preferences: UnsafeMutableBufferPointer<Float>, chosen: UnsafeMutableBufferPointer<Int32>,
    factors: UnsafeMutableBufferPointer<Float>
  ) {
    switch score {
    case .softmax: unsafe softmax(scores)
    case .sigmoid: unsafe sigmoid(scores)
    }
    for expert in scores.indices {
      let preference = unsafe scores[expert] + (bias.map { unsafe $0[expert] } ?? 0)
      // −∞ stands for what has been taken, or must not be.
      unsafe preferences[expert] = preference == -.infinity ? -.greatestFiniteMagnitude : preference
    }
    if let groups { unsafe groups.exclude(from: preferences) }
    var sum: Float = 0
    for rank in chosen.indices {
      let expert = unsafe Self.best(of: preferences)
      unsafe preferences[expert] = -.infinity
      unsafe chosen[rank] = Int32(expert)
      let factor = unsafe scores[expert]
      unsafe factors[rank] = factor
      sum += factor
    }
    // Far below any score: a sum of zeros is to divide nothing.
    let divisor = normalizes ? sum + 1e-20 : 1
    for rank in factors.indices { unsafe factors[rank] = factors[rank] / divisor * scale }
  }

  /// The first of the largest that has not been taken. What is not a number counts as the least, so that a token always
  /// has as many experts.
  private static func best(of preferences: UnsafeMutableBufferPointer<Float>) -> Int {
    var best = 0
    var most = -Float.infinity
    var found = false
    for expert in preferences.indices {
      let preference = unsafe preferences[expert]
      guard preference != -.infinity else { continue }
      if !found || preference > most || most.isNaN {
        (best, most, found) = (expert, preference, true)
      }
    }
    return best
  }
}

extension ExpertGate.Groups {
  /// Sets the preferences of all groups but the best to −∞; of equal ones the first are better.
  fileprivate func exclude(from preferences: UnsafeMutableBufferPointer<Float>) {
    let size = preferences.count / count
    unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { worths in
      for group in 0..<count {
        unsafe worths[group] = worth(
          of: UnsafeMutableBufferPointer(rebasing: preferences[group * size..<(group + 1) * size]))
      }
      for group in 0..<count {
        let mine = unsafe worths[group]
        var better = 0
        for other in worths.indices {
          let theirs = unsafe worths[other]
          if theirs > mine || (theirs == mine && other < group) { better += 1 }
        }
        guard better >= usedCount else { continue }
        for expert in group * size..<(group + 1) * size { unsafe preferences[expert] = -.infinity }
      }
    }
  }

  /// The best of a group's preferences, or the best two together.
  private func worth(of preferences: UnsafeMutableBufferPointer<Float>) -> Float {
    var (first, second) = (-Float.infinity, -Float.infinity)
    for index in preferences.indices {
      let preference = unsafe preferences[index]
      if preference > first {
        (first, second) = (preference, first)
      } else if preference > second {
        second = preference
      }
    }
    return bestCount == 2 ? first + second : first
  }
}
