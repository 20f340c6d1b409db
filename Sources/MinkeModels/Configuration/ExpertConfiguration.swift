internal import MinkeCheckpoints

/// A mixture of experts (arXiv:1701.06538): of many small feed-forward networks each token goes through a few.
public struct ExpertConfiguration: Sendable, Hashable {
  /// Experts to choose from.
  public var count: Int
  /// Experts that a token goes through.
  public var usedCount: Int
  /// Width of one expert.
  public var feedForwardSize: Int
  /// Width of the network that all tokens go through beside their experts; 0 where there is none.
  public var sharedFeedForwardSize: Int
  /// Layers at the beginning that have no experts.
  public var denseLayerCount: Int
  public var gate: ExpertGate
}

/// How a token's experts are chosen, and what their results are multiplied by.
public struct ExpertGate: Sendable, Hashable {
  public enum Score: Sendable, Hashable {
    case softmax
    case sigmoid
  }

  /// Experts in groups of as many, of which only those of the best groups are chosen (arXiv:2405.04434).
  public struct Groups: Sendable, Hashable {
    public var count: Int
    public var usedCount: Int
    /// A group is worth its best experts together: one, or two.
    public var bestCount: Int

    package init(count: Int, usedCount: Int, bestCount: Int) {
      self.count = count
      self.usedCount = usedCount
      self.bestCount = bestCount
    }
  }

  public var score: Score
  public var groups: Groups?
  /// Whether the factors of a token's experts are divided by their sum.
  public var normalizes: Bool
  /// What factors are multiplied by.
  public var scale: Float

  package init(score: Score, groups: Groups? = nil, normalizes: Bool, scale: Float = 1) {
    self.score = score
    self.groups = groups
    self.normalizes = normalizes
    self.scale = scale
  }
}

extension ModelConfiguration {
  /// Width of the widest network that every token goes through.
  var widestFeedForward: Int { max(feedForwardSize, experts?.sharedFeedForwardSize ?? 0) }

  /// Whether `layer` (from 0) is a mixture of experts.
  public func hasExperts(layer: Int) -> Bool {
    experts.map { layer >= $0.denseLayerCount } ?? false
  }
}

// MARK: Keys

extension HyperparameterReader {
  static let expertCounts = 1...1 << 12

  /// The experts of a family that always has them.
  func requiredExperts(
    score: ExpertGate.Score, normalizes: Bool, defaultSize: Int? = nil
  ) throws(CheckpointError) -> ExpertConfiguration {
    let count = try integer("expert_count", in: Self.expertCounts)
    return try experts(count, score: score, normalizes: normalizes, defaultSize: defaultSize)
  }

  /// The experts of layers from `leading_dense_block_count` on; nil where the file states none.
  ///
  /// - Parameters:
  ///   - score, normalizes: where the file does not say.
  ///   - defaultSize: an expert's width where the file does not say.
  func experts(
    score: ExpertGate.Score, normalizes: Bool, defaultSize: Int? = nil
  ) throws(CheckpointError) -> ExpertConfiguration? {
    let count = try optionalInteger("expert_count", in: 0...Self.expertCounts.upperBound) ?? 0
    guard count > 0 else { return nil }
    return try experts(count, score: score, normalizes: normalizes, defaultSize: defaultSize)
  }

  private func experts(
    _ count: Int, score: ExpertGate.Score, normalizes: Bool, defaultSize: Int?
  ) throws(CheckpointError) -> ExpertConfiguration {
    let used = try integer("expert_used_count", in: 1...count)
    let size: Int
    if let stated = try optionalInteger("expert_feed_forward_length", in: Self.sizes) {
      size = stated
    } else if let defaultSize {
      size = defaultSize
    } else {
      size = try integer("expert_feed_forward_length", in: Self.sizes)
    }
    let score = try gatingFunction() ?? score
    let scale = try optionalFloat("expert_weights_scale", in: 0...1e6) ?? 0
    return ExpertConfiguration(
      count: count, usedCount: used, feedForwardSize: size,
      sharedFeedForwardSize: try sharedSize(expertSize: size),
      denseLayerCount: try optionalInteger(
        "leading_dense_block_count", in: 0...Self.counts.upperBound) ?? 0,
      gate: ExpertGate(
        score: score, groups: try groups(count: count, used: used, score),
        normalizes: try optionalBool("expert_weights_norm") ?? normalizes,
        scale: scale == 0 ? 1 : Float(scale)))
  }

  private func gatingFunction() throws(CheckpointError) -> ExpertGate.Score? {
    let name = "expert_gating_func"
    switch try optionalInteger(name, in: 0...255) {
    case nil, 0: return nil
    case 1: return .softmax
    case 2: return .sigmoid
    default: throw invalid(name, expected: "1 (softmax) or 2 (sigmoid)")
    }
  }

  private func sharedSize(expertSize: Int) throws(CheckpointError) -> Int {
    let sizes = 0...Self.sizes.upperBound
    if let size = try optionalInteger("expert_shared_feed_forward_length", in: sizes) { return size }
    let name = "expert_shared_count"
    let count = try optionalInteger(name, in: 0...Self.expertCounts.upperBound) ?? 0
    guard sizes.contains(count * expertSize) else {
      throw invalid(name, expected: "at most \(sizes.upperBound / expertSize) of \(expertSize)")
    }
    return count * expertSize
  }

  private func groups(
    count: Int, used: Int, _ score: ExpertGate.Score
  ) throws(CheckpointError) -> ExpertGate.Groups? {
    let name = "expert_group_count"
    guard let groups = try optionalInteger(name, in: 0...count), groups > 1 else { return nil }
    // DeepSeek-V2 takes a group for its best expert, V3, whose scores are sigmoids, for its best two.
    let best = score == .sigmoid ? 2 : 1
    guard count.isMultiple(of: groups), count / groups >= best else {
      throw invalid(name, expected: "a divisor of the \(count) experts, with \(best) or more in a group")
    }
    let usedName = "expert_group_used_count"
    let usedGroups = try integer(usedName, in: 1...groups)
    guard usedGroups * (count / groups) >= used else {
      throw invalid(usedName, expected: "groups with at least the \(used) experts that a token has")
    }
    return ExpertGate.Groups(count: groups, usedCount: usedGroups, bestCount: best)
  }
}
