/// What `tokenizer.json` holds, as it stands there: a vocabulary with merges, and how text is prepared for them.
struct TokenizerFile {
  let path: String
  /// Tokens by identifier; nil where the vocabulary has a gap.
  private(set) var tokens = FlatStrings()
  /// By identifier, where in `tokens` it is.
  private(set) var places: [Int?] = []
  /// Each merge as two tokens with a space between.
  private(set) var merges = FlatStrings()
  private(set) var addedTokens: [AddedToken] = []
  private(set) var normalizer: JSONValue?
  private(set) var preTokenizer: JSONValue?
  private(set) var postProcessor: JSONValue?
  /// Members of `model` but for vocabulary and merges.
  private(set) var model: [String: JSONValue] = [:]

  /// A token that is matched in text before any other rule.
  struct AddedToken {
    let id: Int
    let content: String
    /// Structure rather than text.
    let isSpecial: Bool
  }

  /// Gemma's has 33 MB.
  static let sizeLimit = 128 << 20
  static let tokenLimit = 1 << 22
  /// Far above the longest of any vocabulary; checks take the square of it.
  static let tokenByteLimit = 4096

  init(_ bytes: [UInt8], path: String) throws(CheckpointError) {
    var reader = try JSONReader(bytes, path: path)
    var hasModel = false
    var file = Self(path: path)
    try reader.object { (reader, key) throws(CheckpointError) in
      switch key {
      case "model":
        guard !hasModel else { throw reader.failure("model a second time", "one") }
        hasModel = true
        try file.readModel(&reader)
      case "added_tokens":
        guard file.addedTokens.isEmpty else { throw reader.failure("added_tokens a second time", "one") }
        try reader.array { (reader) throws(CheckpointError) in try file.readAddedToken(&reader) }
      case "normalizer": file.normalizer = try reader.value()
      case "pre_tokenizer": file.preTokenizer = try reader.value()
      case "post_processor": file.postProcessor = try reader.value()
      default: try reader.skip()
      }
    }
    try reader.finish()
    if let type = file.model["type"]?.string, type != "BPE" {
      throw CheckpointError(
        .unsupported, path: path, at: .key("model.type"), found: "\"\(printable(type))\"", expected: "\"BPE\""
      )
    }
    guard !file.places.isEmpty else {
      throw CheckpointError(
        .missing, path: path, at: .key("model.vocab"), found: "no vocabulary",
        expected: "tokens with their identifiers")
    }
    self = file
  }

  private init(path: String) { self.path = path }

  private mutating func readModel(_ reader: inout JSONReader) throws(CheckpointError) {
    var file = self
    // Copied back, so that nothing is held twice.
    self = Self(path: path)
    defer { self = file }
    try reader.object { (reader, key) throws(CheckpointError) in
      switch key {
      case "vocab":
        // Another model's vocabulary is a list with scores.
        guard reader.peek() == "{" else { return try reader.skip() }
        guard file.places.isEmpty else { throw reader.failure("vocab a second time", "one") }
        try file.readVocabulary(&reader)
      case "merges":
        guard file.merges.isEmpty else { throw reader.failure("merges a second time", "one") }
        try file.readMerges(&reader)
      default: file.model[key] = try reader.value()
      }
    }
  }

  private mutating func readVocabulary(_ reader: inout JSONReader) throws(CheckpointError) {
    var (tokens, places) = (FlatStrings(), [Int?]())
    var text: [UInt8] = []
    try reader.object(appendingKeysTo: &text) { (reader, text) throws(CheckpointError) in
      let id = try reader.integer()
      guard (0..<Self.tokenLimit).contains(id) else {
        throw reader.failure("the identifier \(id)", "0 to \(Self.tokenLimit - 1)")
      }
      while places.count <= id { places.append(nil) }
      guard places[id] == nil else {
        throw reader.failure("the identifier \(id) a second time", "every token its own")
      }
      guard text.count <= Self.tokenByteLimit else {
        throw reader.failure("a token of \(text.count) bytes", "at most \(Self.tokenByteLimit)")
      }
      places[id] = tokens.count
      tokens.append(text)
      text.removeAll(keepingCapacity: true)
    }
    (self.tokens, self.places) = (tokens, places)
  }

  /// Merges are strings `a b`, or lists of two.
  private mutating func readMerges(_ reader: inout JSONReader) throws(CheckpointError) {
    var merges = FlatStrings()
    var text: [UInt8] = []
    try reader.array { (reader) throws(CheckpointError) in
      text.removeAll(keepingCapacity: true)
      if reader.peek() == "[" {
        var count = 0
        try reader.array { (reader) throws(CheckpointError) in
          if count > 0 { text.append(0x20) }
          count += 1
          try reader.string(into: &text)
        }
        guard count == 2 else { throw reader.failure("a merge of \(count) tokens", "two") }
      } else {
        try reader.string(into: &text)
      }
      guard merges.count < Self.tokenLimit else {
        throw reader.failure("more than \(Self.tokenLimit) merges", "at most so many")
      }
      merges.append(text)
    }
    self.merges = merges
  }

  private mutating func readAddedToken(_ reader: inout JSONReader) throws(CheckpointError) {
    let token = try reader.value()
    guard let id = token["id"]?.integer, (0..<Self.tokenLimit).contains(id),
      let content = token["content"]?.string
    else {
      throw CheckpointError(
        .malformed, path: path, at: .key("added_tokens"), found: token.described,
        expected: "objects with id and content")
    }
    addedTokens.append(AddedToken(id: id, content: content, isSpecial: token["special"]?.bool ?? false))
  }
}

/// Byte strings laid end to end, each with its length before it: the elements of an array of strings as GGUF has them.
struct FlatStrings: Sendable {
  private var memory = LittleEndianBytes()
  private var starts: [UInt32] = []

  var count: Int { starts.count }
  var isEmpty: Bool { starts.isEmpty }

  mutating func append(_ string: some Collection<UInt8>) {
    memory.append(string: string)
    starts.append(UInt32(memory.bytes.count - string.count))
  }

  subscript(index: Int) -> ArraySlice<UInt8> { memory.bytes[range(index)] }

  /// Strings and lengths.
  var bytes: [UInt8] { memory.bytes }

  /// Where in ``bytes`` a string lies.
  func range(_ index: Int) -> Range<Int> {
    let end =
      index + 1 < starts.count ? Int(starts[index + 1]) - StringArray.lengthFieldBytes : memory.bytes.count
    return Int(starts[index])..<end
  }

  /// As a value of metadata.
  var array: MetadataArray {
    let file = MappedFile(copying: memory.bytes)
    let ends = starts + [UInt32(memory.bytes.count + StringArray.lengthFieldBytes)]
    return MetadataArray(
      elementType: .string, count: count, file: file, byteRange: 0..<file.count,
      contents: .strings(StringArray(file: file, start: 0, starts: ends)))
  }
}
