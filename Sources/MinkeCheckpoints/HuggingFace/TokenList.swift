/// The tokens of a folder by identifier, one for each row of the embedding, and what kind each is.
struct TokenList {
  /// As GGUF spells them.
  let strings: FlatStrings
  /// By GGUF's numbers: see ``Kind``.
  let types: [Int32]
  private let file: TokenizerFile

  /// `tokenizer.ggml.token_type`.
  enum Kind: Int32 {
    case normal = 1
    case unknown = 2
    /// Structure, never text.
    case control = 3
    /// Text that is always one token.
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  /// Rows without a token, of which models have some hundreds: each gets a name in memory.
  private static let paddingLimit = 1 << 16

  /// - Parameter vocabularySize: rows of the embedding. A row without a token gets a name that no text becomes; an added
  ///   token without a row (such as one for images, in a model that only reads) is left out.
  init(_ file: TokenizerFile, vocabularySize: Int, isSentencePiece: Bool) throws(CheckpointError) {
    self.file = file
    guard file.places.count <= vocabularySize else {
      throw CheckpointError(
        .malformed, path: file.path, at: .key("model.vocab"),
        found: "identifiers up to \(file.places.count - 1)",
        expected: "at most \(vocabularySize - 1), the last row of the embedding")
    }
    let most = file.places.count + file.addedTokens.count + Self.paddingLimit
    guard vocabularySize <= most else {
      throw CheckpointError(
        .malformed, path: file.path, at: .key("model.vocab"),
        found: "\(file.places.count) tokens for an embedding of \(vocabularySize) rows",
        expected: "at most \(most) rows", remedy: "the tokenizer is not this model's")
    }
    let added = try Self.addedTokens(file, vocabularySize)
    let unknown = file.model["unk_token"]?.string.map { Array($0.utf8) }
    var (strings, types) = (FlatStrings(), [Int32]())
    types.reserveCapacity(vocabularySize)
    for id in 0..<vocabularySize {
      let place = id < file.places.count ? file.places[id] : nil
      let (bytes, kind): ([UInt8], Kind) =
        if let token = added[id] {
          (
            Array(token.content.utf8),
            isSentencePiece && unknown == Array(token.content.utf8)
              ? .unknown : token.isSpecial || Self.looksSpecial(token.content) ? .control : .userDefined
          )
        } else if let place {
          (
            Array(file.tokens[place]),
            isSentencePiece && unknown.map({ file.tokens[place].elementsEqual($0) }) == true
              ? .unknown : isSentencePiece && Self.isByte(file.tokens[place]) ? .byte : .normal
          )
        } else {
          (Array("[PAD\(id)]".utf8), .unused)
        }
      // GGUF spells the spaces of what is matched whole as they are.
      strings.append(isSentencePiece && kind == .userDefined ? Self.spaced(bytes) : bytes)
      types.append(kind.rawValue)
    }
    (self.strings, self.types) = (strings, types)
  }

  private static func addedTokens(
    _ file: TokenizerFile, _ vocabularySize: Int
  ) throws(CheckpointError) -> [Int: TokenizerFile.AddedToken] {
    var added: [Int: TokenizerFile.AddedToken] = [:]
    for token in file.addedTokens where token.id < vocabularySize {
      let place = token.id < file.places.count ? file.places[token.id] : nil
      let isSame = place.map { file.tokens[$0].elementsEqual(token.content.utf8) } ?? true
      guard isSame, added.updateValue(token, forKey: token.id) == nil else {
        throw CheckpointError(
          .malformed, path: file.path, at: .key("added_tokens"),
          found: "\"\(printable(token.content))\" with the identifier \(token.id) of another token",
          expected: "one token for each identifier")
      }
    }
    return added
  }

  /// Whether a token structures text although its file does not mark it so, as some publishers' do: what a person typed must
  /// never become one.
  private static func looksSpecial(_ text: String) -> Bool {
    (text.hasPrefix("<|") && text.hasSuffix("|>")) || (text.hasPrefix("<｜") && text.hasSuffix("｜>"))
      || (text.hasPrefix("<unused") && text.hasSuffix(">"))
      || ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].contains(text)
  }

  /// Whether a token is spelled `<0xHH>`.
  private static func isByte(_ token: ArraySlice<UInt8>) -> Bool {
    guard token.count == 6, token.starts(with: "<0x".utf8), token.last == UInt8(ascii: ">") else {
      return false
    }
    return token.dropFirst(3).dropLast().allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }

  private static func spaced(_ bytes: [UInt8]) -> [UInt8] {
    Array(String(decoding: bytes, as: UTF8.self).replacing("▁", with: " ").utf8)
  }
}

extension TokenList {
  var count: Int { types.count }

  /// The token that is spelled so in the file.
  func identifier(of text: String) -> Int? {
    if let token = file.addedTokens.first(where: { $0.content.utf8.elementsEqual(text.utf8) }) {
      return token.id < count ? token.id : nil
    }
    return file.places.firstIndex { $0.map { file.tokens[$0].elementsEqual(text.utf8) } ?? false }
  }

  var unknown: Int? { types.firstIndex(of: Kind.unknown.rawValue) }
}
