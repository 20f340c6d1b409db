/// Which tokens begin and end a text and an answer, by what the files of a folder say of them.
struct SpecialTokens {
  private let beginning: Int?
  private let end: Int?
  private let unknown: Int?
  private let padding: Int?
  /// What ends an answer beside `end`.
  private let otherEnds: [Int]
  private let list: TokenList
  private let texts: (beginning: String?, end: String?)

  /// - Parameters:
  ///   - settings: `tokenizer_config.json`, whose word counts most.
  ///   - map: `special_tokens_map.json`.
  ///   - configuration: `config.json`.
  ///   - generation: `generation_config.json`.
  init(
    _ settings: JSONFields, map: JSONFields?, _ configuration: JSONFields, _ generation: JSONFields?,
    _ list: TokenList
  ) throws(CheckpointError) {
    func named(_ key: String) throws(CheckpointError) -> (text: String, id: Int?)? {
      guard let value = settings[key] ?? map?[key] else { return nil }
      guard let text = value.string ?? value["content"]?.string else {
        throw settings.invalid(key, expected: "a token's text, or an object with its content")
      }
      return (text, list.identifier(of: text))
    }
    func required(_ key: String) throws(CheckpointError) -> (text: String, id: Int)? {
      guard let (text, id) = try named(key) else { return nil }
      guard let id else { throw settings.invalid(key, expected: "a token of the vocabulary") }
      return (text, id)
    }
    let (beginning, end) = (try required("bos_token"), try required("eos_token"))
    let ends = try Self.ids("eos_token_id", generation, configuration, list.count)
    self.list = list
    texts = (beginning?.text, end?.text)
    self.beginning = try (beginning?.id).or(
      try Self.ids("bos_token_id", generation, configuration, list.count).first)
    self.end = end?.id ?? ends.first
    unknown = try list.unknown.or(try named("unk_token")?.id)
    padding = try named("pad_token")?.id
    otherEnds = ends.filter { [end = self.end] in $0 != end }
  }

  /// Identifiers that one of the files states: one, or a list.
  private static func ids(
    _ key: String, _ generation: JSONFields?, _ configuration: JSONFields, _ count: Int
  ) throws(CheckpointError) -> [Int] {
    let fields = generation?[key] == nil ? configuration : generation ?? configuration
    guard let value = fields[key] else { return [] }
    let ids = value.elements?.map(\.integer) ?? [value.integer]
    return try ids.map { (id) throws(CheckpointError) in
      guard let id, (0..<count).contains(id) else {
        throw fields.invalid(key, expected: "identifiers of tokens, 0 to \(count - 1)")
      }
      return id
    }
  }

  func write(
    to keys: inout KeyList, _ settings: JSONFields, postProcessor: JSONValue?
  ) throws(CheckpointError) {
    keys.set("tokenizer.ggml.bos_token_id", beginning)
    keys.set("tokenizer.ggml.eos_token_id", end)
    keys.set("tokenizer.ggml.unknown_token_id", unknown)
    keys.set("tokenizer.ggml.padding_token_id", padding)
    // GGUF has room for two more: the end of a turn, and of a message within one (that of a tool call).
    let message = otherEnds.first { list.strings[$0].elementsEqual("<|eom_id|>".utf8) }
    let turns = otherEnds.filter { $0 != message }
    keys.set("tokenizer.ggml.eot_token_id", turns.first)
    keys.set("tokenizer.ggml.eom_token_id", message ?? turns.dropFirst().first)
    let single = Self.template(postProcessor)?["single"]?.elements ?? []
    func isAdded(_ place: JSONValue?, _ text: String?) -> Bool {
      text != nil && place?["SpecialToken"]?["id"]?.string == text
    }
    keys.set(
      "tokenizer.ggml.add_bos_token",
      try settings.bool("add_bos_token") ?? isAdded(single.first, texts.beginning))
    keys.set(
      "tokenizer.ggml.add_eos_token", try settings.bool("add_eos_token") ?? isAdded(single.last, texts.end))
  }

  /// The step that puts tokens around a text.
  private static func template(_ processor: JSONValue?) -> JSONValue? {
    guard let processor else { return nil }
    if processor["type"]?.string == "TemplateProcessing" { return processor }
    return processor["processors"]?.elements?.lazy.compactMap { template($0) }.first
  }
}
