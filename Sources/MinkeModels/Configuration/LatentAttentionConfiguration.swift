internal import MinkeCheckpoints

/// Multi-head latent attention (arXiv:2405.04434, section 2.1): keys and values of all heads are worked out from one
/// short vector a position, the latent, beside which a rotated key lies that all heads share.
///
/// Queries are brought into the latent's space instead ("absorbed"), so that the latent is all that is kept.
public struct LatentAttentionConfiguration: Sendable, Hashable {
  /// Elements of the latent.
  public var latentLength: Int
  /// Elements of the shared, rotated part of a key.
  public var rotaryLength: Int
  /// Elements of the part of a head's query and key that is not rotated.
  public var plainLength: Int
  /// Elements of the vector that queries are worked out from; nil where that is the residual stream.
  public var queryLatentLength: Int?

  /// What is kept of a position.
  public var cachedLength: Int { latentLength + rotaryLength }
}

extension ModelConfiguration {
  /// Numbers of a key in the cache.
  var cachedKeyLength: Int { latent?.cachedLength ?? attention.keyLength }
}

// MARK: Keys

extension HyperparameterReader {
  /// Latent attention, and the heads it has.
  ///
  /// Files state the length of heads as `key_length_mla` and `value_length_mla`; older ones, that keep keys and values in
  /// one matrix, as `key_length` and `value_length`.
  func latentAttention() throws(CheckpointError) -> (AttentionConfiguration, LatentAttentionConfiguration) {
    let lengths = 1...1024
    let heads = try integer("attention.head_count", in: Self.counts)
    let isNew = metadata[key("attention.key_length_mla")] != nil
    let keyName = isNew ? "attention.key_length_mla" : "attention.key_length"
    let keyLength = try integer(keyName, in: lengths)
    let valueLength = try integer(
      isNew ? "attention.value_length_mla" : "attention.value_length", in: lengths)
    let rotary = try integer("rope.dimension_count", in: lengths)
    guard rotary.isMultiple(of: 2), rotary < keyLength else {
      throw invalid(
        "rope.dimension_count", expected: "an even number below \(keyLength), the length of a key")
    }
    let queryLatent = try optionalInteger("attention.q_lora_rank", in: 0...Self.sizes.upperBound) ?? 0
    let latent = LatentAttentionConfiguration(
      latentLength: try integer("attention.kv_lora_rank", in: 1...1 << 14), rotaryLength: rotary,
      plainLength: keyLength - rotary, queryLatentLength: queryLatent == 0 ? nil : queryLatent)
    let attention = AttentionConfiguration(
      headCount: heads, keyValueHeadCount: 1, keyLength: keyLength, valueLength: valueLength,
      scale: Float(1 / Double(keyLength).squareRoot()))
    return (attention, latent)
  }
}
