/// What `config.json` says of attention whose keys and values are made from a latent (DeepSeek-V2, arXiv:2405.04434).
struct LatentFields {
  /// Elements of a head that are not rotated, and that are.
  let plain: Int
  let rotated: Int
  /// Elements of a head's value.
  let value: Int
  /// Elements of the latent.
  let rank: Int
  let heads: Int
  /// Elements of a latent that queries are made from; nil where they are made from the hidden state.
  private let queryRank: Int?

  init?(_ fields: JSONFields, _ family: FolderFamily, heads: Int) throws(CheckpointError) {
    guard family.isLatent else { return nil }
    self.heads = heads
    plain = try fields.requiredInteger("qk_nope_head_dim", in: 1...1024)
    rotated = try fields.requiredInteger("qk_rope_head_dim", in: 2...1024)
    value = try fields.requiredInteger("v_head_dim", in: 1...1024)
    rank = try fields.requiredInteger("kv_lora_rank", in: FolderConfiguration.sizes)
    queryRank = try fields.integer("q_lora_rank", in: FolderConfiguration.sizes)
    guard rotated.isMultiple(of: 2) else {
      throw fields.invalid("qk_rope_head_dim", expected: "an even length, for RoPE rotates pairs")
    }
    if let count = try fields.integer("num_key_value_heads", in: FolderConfiguration.counts), count != heads {
      throw fields.unsupported("num_key_value_heads", expected: "\(heads), as many as query heads")
    }
    if try fields.bool("rope_interleave") == false {
      throw fields.unsupported("rope_interleave", expected: "true")
    }
  }

  /// Rows of a head in what makes keys and values.
  var headRows: Int { plain + value }

  /// The lengths are those of the latent, which all heads share as their key and value; a head's own have names of their own.
  func write(to keys: inout KeyList, prefix: String) {
    keys.set(prefix + "attention.head_count_kv", 1)
    keys.set(prefix + "attention.key_length", rank + rotated)
    keys.set(prefix + "attention.value_length", rank)
    keys.set(prefix + "attention.key_length_mla", plain + rotated)
    keys.set(prefix + "attention.value_length_mla", value)
    keys.set(prefix + "attention.q_lora_rank", queryRank)
    keys.set(prefix + "attention.kv_lora_rank", rank)
    keys.set(prefix + "rope.dimension_count", rotated)
  }
}
