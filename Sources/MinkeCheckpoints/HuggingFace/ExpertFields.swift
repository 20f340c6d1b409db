/// What `config.json` says of experts and of how they are chosen.
struct ExpertFields {
  /// Experts of a layer.
  let count: Int
  private let used: Int
  /// Width of an expert, where it is not `intermediate_size`.
  private let width: Int?
  private let shared: Shared?
  /// Layers without experts, which come first.
  private let denseLayers: Int?
  /// Whether the weights of the chosen are divided by their sum; nil where the architecture knows.
  private let isNormalised: Bool?
  private let scale: Double?
  private let gate: Gate?
  /// Groups of experts, and how many of them experts are chosen from.
  private let groups: (count: Int, used: Int)?

  private enum Shared {
    case count(Int)
    case width(Int)
  }

  /// What becomes of scores, with GGUF's number of it.
  private enum Gate: Int {
    case softmax = 1
    case sigmoid = 2
  }

  init?(_ fields: JSONFields, _ family: FolderFamily, layers: Int) throws(CheckpointError) {
    guard family.hasExperts else { return nil }
    let (counts, sizes) = (FolderConfiguration.counts, FolderConfiguration.sizes)
    // Since version 5 `transformers` writes its common name for what some families publish under their own.
    let (own, common) = (Self.countKey(family), "num_local_experts")
    count = try fields.requiredInteger(
      fields[own] == nil && fields[common] != nil ? common : own, in: counts)
    used = try fields.requiredInteger("num_experts_per_tok", in: counts)
    guard used <= count else {
      throw fields.invalid("num_experts_per_tok", expected: "at most the \(count) experts")
    }
    switch family {
    case .mixtral, .minimax01: width = nil
    case .minimaxM2: width = try fields.requiredInteger("intermediate_size", in: sizes)
    default: width = try fields.requiredInteger("moe_intermediate_size", in: sizes)
    }
    switch family {
    case .qwen2moe:
      shared = .width(try fields.requiredInteger("shared_expert_intermediate_size", in: sizes))
      isNormalised = try fields.bool("norm_topk_prob") ?? false
    case .qwen3moe:
      shared = nil
      isNormalised = try fields.bool("norm_topk_prob") ?? false
    case .deepseekV2, .deepseekV3:
      shared = .count(try fields.requiredInteger("n_shared_experts", in: counts))
      isNormalised = try fields.bool("norm_topk_prob") ?? (family == .deepseekV3)
    default: (shared, isNormalised) = (nil, nil)
    }
    denseLayers = family.isLatent ? try fields.requiredInteger("first_k_dense_replace", in: 0...layers) : nil
    scale =
      family.isLatent
      ? try fields.number("routed_scaling_factor", in: 1e-3...1e3) ?? (family == .deepseekV3 ? 2.5 : 1) : nil
    switch family {
    case .deepseekV2: gate = .softmax
    case .deepseekV3, .minimaxM2: gate = .sigmoid
    default: gate = nil
    }
    groups = try Self.groups(fields, family, experts: count, used: used)
    try Self.refuseWhatIsNotSupported(fields, family, gate)
  }

  private static func countKey(_ family: FolderFamily) -> String {
    switch family {
    case .qwen2moe, .qwen3moe: "num_experts"
    case .deepseekV2, .deepseekV3: "n_routed_experts"
    default: "num_local_experts"
    }
  }

  private static func groups(
    _ fields: JSONFields, _ family: FolderFamily, experts: Int, used: Int
  ) throws(CheckpointError) -> (count: Int, used: Int)? {
    guard family.isLatent else { return nil }
    let counts = FolderConfiguration.counts
    if family == .deepseekV2 {
      // Without a limit the published files state groups that mean nothing.
      let method = try fields.string("topk_method") ?? "greedy"
      if method == "greedy" { return nil }
      guard method == "group_limited_greedy" else {
        throw fields.unsupported("topk_method", expected: "\"greedy\" or \"group_limited_greedy\"")
      }
    }
    let count = try fields.requiredInteger("n_group", in: counts)
    let chosen = try fields.requiredInteger("topk_group", in: counts)
    // A group's score is the sum of its two best in V3.
    let least = family == .deepseekV3 ? 2 : 1
    guard experts.isMultiple(of: count), count == 1 || experts / count >= least else {
      throw fields.invalid(
        "n_group", expected: "a divisor of the \(experts) experts, with at least \(least) in a group")
    }
    guard chosen <= count, chosen * (experts / count) >= used else {
      throw fields.invalid(
        "topk_group", expected: "at most \(count) groups, with \(used) experts in those chosen")
    }
    return (count, chosen)
  }

  private static func refuseWhatIsNotSupported(
    _ fields: JSONFields, _ family: FolderFamily, _ gate: Gate?
  ) throws(CheckpointError) {
    if let name = try fields.string("scoring_func") {
      let expected = gate == .sigmoid ? "sigmoid" : "softmax"
      guard name == expected else { throw fields.unsupported("scoring_func", expected: "\"\(expected)\"") }
    }
    for key in ["decoder_sparse_step", "moe_layer_freq"] {
      if let value = fields[key], value != .integer(1) { throw fields.unsupported(key, expected: "1") }
    }
    if let value = fields["mlp_only_layers"], value != .array([]) {
      throw fields.unsupported("mlp_only_layers", expected: "none")
    }
    // One number, or one for each layer.
    if let value = fields["shared_intermediate_size"],
      !(value.elements ?? [value]).allSatisfy({ $0 == .integer(0) })
    {
      throw fields.unsupported("shared_intermediate_size", expected: "0")
    }
    // The makers' code divides weights by their sum instead of scaling them; nothing that is published asks for it.
    if family == .deepseekV2, try fields.bool("norm_topk_prob") == true {
      throw fields.unsupported("norm_topk_prob", expected: "false")
    }
    if family == .deepseekV3, let method = try fields.string("topk_method"), method != "noaux_tc" {
      throw fields.unsupported("topk_method", expected: "\"noaux_tc\"")
    }
  }

  func write(to keys: inout KeyList, prefix: String) {
    keys.set(prefix + "expert_count", count)
    keys.set(prefix + "expert_used_count", used)
    keys.set(prefix + "expert_feed_forward_length", width)
    switch shared {
    case .count(let count): keys.set(prefix + "expert_shared_count", count)
    case .width(let width): keys.set(prefix + "expert_shared_feed_forward_length", width)
    case nil: break
    }
    keys.set(prefix + "leading_dense_block_count", denseLayers)
    if let isNormalised { keys.set(prefix + "expert_weights_norm", isNormalised) }
    keys.set(prefix + "expert_weights_scale", scale)
    keys.set(prefix + "expert_gating_func", gate?.rawValue)
    keys.set(prefix + "expert_group_count", groups?.count)
    keys.set(prefix + "expert_group_used_count", groups?.used)
  }
}
