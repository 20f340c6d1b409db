/// Text to tokens and back, for one vocabulary.
///
/// Immutable: one value may serve any number of threads. Texts are taken as UTF-8; bytes that are not become U+FFFD, one
/// for each maximal subpart of a broken sequence, as in Python's `errors="replace"`.
///
/// ```swift
/// let tokenizer = try Tokenizer(configuration)
/// let ids = try tokenizer.encode("Hello", special: .asText)
/// let text = tokenizer.decode(ids)
/// ```
public final class Tokenizer: Sendable {
  enum Model: Sendable {
    case byteLevel(ByteLevelModel, PreTokenizer, composes: Bool)
    case sentencePiece(SentencePieceModel, addsSpace: Bool)
  }

  let model: Model
  private let matcher: SpecialTokenMatcher
  /// Each token's own bytes.
  private let strings: ByteStrings
  private let types: [TokenType]
  /// The beginning-of-sequence token, if the vocabulary names one.
  public let bos: TokenID?
  /// The end-of-sequence token, if the vocabulary names one.
  public let eos: TokenID?
  /// Whether `addSpecial` puts BOS first.
  public let addsBOS: Bool
  /// Whether `addSpecial` puts EOS last.
  public let addsEOS: Bool

  /// One call takes at most this many bytes.
  public static let textLimit = Int(Int32.max)

  /// - Throws: what is wrong with the vocabulary.
  public init(_ configuration: TokenizerConfiguration) throws(TokenizerError) {
    let vocabulary = try Vocabulary(configuration)
    strings = vocabulary.strings
    types = vocabulary.types
    bos = configuration.bos.map(TokenID.init)
    eos = configuration.eos.map(TokenID.init)
    var matcher = SpecialTokenMatcher()
    for id in 0..<types.count where vocabulary.isMatchedWhole(id) {
      try matcher.insert(strings[id], id: id, isSpecial: types[id] != .userDefined)
    }
    self.matcher = matcher
    addsEOS = configuration.addEOS ?? false
    switch configuration.model {
    case .byteLevel:
      let family = try PreTokenizerFamily.named(configuration.preTokenizer ?? "default")
      addsBOS = configuration.addBOS ?? family.addsBOS
      let model = try ByteLevelModel(
        configuration: configuration, strings: strings, isSpelled: vocabulary.isSpelled,
        isSpecial: types.map(\.isSpecial), ignoresMerges: family.ignoresMerges)
      self.model = .byteLevel(
        model, PreTokenizer(stages: family.stages),
        composes: configuration.composesText ?? family.composesText)
    case .sentencePiece:
      addsBOS = configuration.addBOS ?? true
      let model = try SentencePieceModel(
        strings: strings, types: types, scores: configuration.scores,
        byteTokens: vocabulary.byteTokens, unknown: configuration.unknown)
      self.model = .sentencePiece(model, addsSpace: configuration.addSpacePrefix ?? true)
    }
  }

  /// The number of tokens in the vocabulary.
  public var count: Int { types.count }
}

extension TokenType {
  /// Structure rather than text.
  var isSpecial: Bool { self == .control || self == .unknown }
}

// MARK: - Encoding

extension Tokenizer {
  /// The tokens of `text`.
  ///
  /// - Parameters:
  ///   - special: how text that spells a special token is read.
  ///   - addSpecial: whether BOS and EOS are added where the vocabulary wants them.
  /// - Complexity: linear in the text.
  public func encode(
    _ text: String, special: SpecialTokenHandling, addSpecial: Bool = false
  ) throws(TokenizerError) -> [TokenID] {
    try encode(utf8: text.utf8.span, special: special, addSpecial: addSpecial)
  }

  /// The tokens of bytes that should be UTF-8.
  public func encode(
    utf8 bytes: Span<UInt8>, special: SpecialTokenHandling, addSpecial: Bool = false
  ) throws(TokenizerError) -> [TokenID] {
    guard bytes.count <= Self.textLimit else {
      throw .textTooLong(bytes: bytes.count, limit: Self.textLimit)
    }
    guard let repaired = Self.repaired(bytes) else {
      return encode(valid: bytes, special, addSpecial)
    }
    guard repaired.utf8.count <= Self.textLimit else {
      throw .textTooLong(bytes: repaired.utf8.count, limit: Self.textLimit)
    }
    return encode(valid: repaired.utf8.span, special, addSpecial)
  }

  /// The text with U+FFFD for what is not UTF-8; nil if all of it is.
  private static func repaired(_ bytes: Span<UInt8>) -> String? {
    if (try? UTF8Span(validating: bytes)) != nil { return nil }
    return unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
  }

  private func encode(
    valid text: Span<UInt8>, _ special: SpecialTokenHandling, _ addSpecial: Bool
  ) -> [TokenID] {
    var encoder = PieceEncoder(model, textCount: text.count)
    if addSpecial, addsBOS, let bos { encoder.tokens.append(bos) }
    var start = 0
    while let match = matcher.next(text, start..<text.count, special) {
      encoder.encode(text, start..<match.range.lowerBound)
      encoder.tokens.append(match.token)
      start = match.range.upperBound
    }
    encoder.encode(text, start..<text.count)
    if addSpecial, addsEOS, let eos { encoder.tokens.append(eos) }
    return encoder.tokens
  }
}

// MARK: - Decoding

extension Tokenizer {
  /// The text of `tokens`, as far as they are tokens; bytes that are not UTF-8 become U+FFFD.
  ///
  /// - Parameter skipSpecial: leaves out control and unknown tokens.
  public func decode(_ tokens: some Sequence<TokenID>, skipSpecial: Bool = true) -> String {
    var bytes: [UInt8] = []
    for token in tokens { bytes.append(contentsOf: self.bytes(of: token, skipSpecial: skipSpecial)) }
    if stripsLeadingSpace, bytes.first == 0x20 { bytes.removeFirst() }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The bytes that `token` adds to a text: none if it is skipped or out of range.
  func bytes(of token: TokenID, skipSpecial: Bool) -> ArraySlice<UInt8> {
    guard token >= 0, Int(token) < types.count else { return [] }
    if skipSpecial, types[Int(token)].isSpecial { return [] }
    return strings[Int(token)]
  }

  /// Whether decoded text loses the space that encoding put before it.
  package var stripsLeadingSpace: Bool {
    if case .sentencePiece(_, let addsSpace) = model { addsSpace } else { false }
  }

  /// The token's own bytes, which need not be whole scalars; nil if there is no such token.
  public func bytes(of token: TokenID) -> [UInt8]? {
    guard token >= 0, Int(token) < types.count else { return nil }
    return Array(strings[Int(token)])
  }

  /// The first token whose bytes another vocabulary does not have under the same number; nil where the smaller of the two
  /// is how the other begins. Numbers that one of them does not use, as where rows are filled up, are no difference.
  package func firstDifference(from other: Tokenizer) -> TokenID? {
    (0..<min(count, other.count)).first { id in
      strings[id] != other.strings[id] && types[id] != .unused && other.types[id] != .unused
    }.map { TokenID($0) }
  }

  /// What kind of token `token` is; nil if there is no such token.
  public func type(of token: TokenID) -> TokenType? {
    guard token >= 0, Int(token) < types.count else { return nil }
    return types[Int(token)]
  }

  /// The control or user-defined token spelled `text`.
  public func specialToken(_ text: String) -> TokenID? {
    let bytes = Array(text.utf8)
    let match = matcher.next(bytes.span, 0..<bytes.count, .parse)
    return match?.range == 0..<bytes.count ? match?.token : nil
  }
}
