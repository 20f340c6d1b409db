/// How a model's makers advise to sample, from `generation_config.json`, as GGUF's keys `general.sampling.*`.
struct GenerationDefaults {
  let fields: JSONFields

  static let sizeLimit = 1 << 20

  func write(to keys: inout KeyList) throws(CheckpointError) {
    // Then what it says of sampling is not meant.
    if try fields.bool("do_sample") == false { return }
    let prefix = "general.sampling."
    if let topK = try fields.integer("top_k", in: 0...1_000_000) {
      keys.set(prefix + "top_k", .int32(Int32(topK)))
    }
    keys.set(prefix + "top_p", try fields.number("top_p", in: 0...1))
    keys.set(prefix + "min_p", try fields.number("min_p", in: 0...1))
    keys.set(prefix + "temp", try fields.number("temperature", in: 0...100))
    keys.set(prefix + "penalty_repeat", try fields.number("repetition_penalty", in: 0.01...100))
  }
}
