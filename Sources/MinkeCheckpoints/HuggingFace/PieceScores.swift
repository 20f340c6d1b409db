/// The scores of a SentencePiece vocabulary, won back from the merges that `tokenizer.json` has in their place.
///
/// SentencePiece joins the two neighbours that together are the best-scored piece; `tokenizers` joins those whose merge comes
/// first. The two are the same if the merges of a piece are all its divisions into two pieces and stand together: that is
/// how `transformers` writes them, and what is checked here.
struct PieceScores {
  /// By token: the place of its merges, negative; pieces that nothing is merged to come last.
  private(set) var values: [Float]

  init(_ file: TokenizerFile, _ list: TokenList) throws(CheckpointError) {
    let table = PieceTable(file, list)
    values = [Float](repeating: 0, count: list.count)
    var mergeCounts = [Int](repeating: 0, count: list.count)
    var group = 0
    var last: Int?
    var piece: [UInt8] = []
    for index in 0..<file.merges.count {
      let merge = file.merges[index]
      guard let space = merge.firstIndex(of: 0x20) else { throw Self.failure(file, index, "one token") }
      piece.removeAll(keepingCapacity: true)
      piece.append(contentsOf: merge[..<space])
      piece.append(contentsOf: merge[(space + 1)...])
      guard let id = table.find(piece[...]), table.find(merge[..<space]) != nil,
        table.find(merge[(space + 1)...]) != nil
      else { throw Self.failure(file, index, "a token that the vocabulary lacks") }
      if id != last {
        // What is always one token goes first whatever its score.
        guard mergeCounts[id] == 0 || list.types[id] == TokenList.Kind.userDefined.rawValue else {
          throw Self.failure(file, index, "a piece whose other merges stand elsewhere")
        }
        group += 1
        last = id
      }
      if mergeCounts[id] == 0 { values[id] = -Float(group) }
      mergeCounts[id] += 1
    }
    for id in 0..<list.count where mergeCounts[id] == 0 { values[id] = -Float(group + 1) }
    for id in 0..<list.count where list.types[id] == TokenList.Kind.normal.rawValue {
      guard let text = table.text(of: id), table.divisions(of: text) == mergeCounts[id] else {
        throw CheckpointError(
          .unsupported, path: file.path, at: .key("model.merges"),
          found: "\(mergeCounts[id]) merges to token \(id)",
          expected: "one for each division into two tokens, as SentencePiece merges")
      }
    }
  }

  private static func failure(_ file: TokenizerFile, _ index: Int, _ found: String) -> CheckpointError {
    CheckpointError(
      .unsupported, path: file.path, at: .key("model.merges"), found: "\(found) in merge \(index)",
      expected: "merges in the order of SentencePiece's scores")
  }
}

/// Finds the tokens that text can become by their bytes.
private struct PieceTable {
  private let file: TokenizerFile
  /// Open addressing: identifiers, -1 where there is none.
  private var slots: [Int32]
  private let mask: Int

  init(_ file: TokenizerFile, _ list: TokenList) {
    self.file = file
    var size = 16
    while size < file.tokens.count * 2 { size *= 2 }
    mask = size - 1
    slots = [Int32](repeating: -1, count: size)
    for (id, place) in file.places.enumerated() {
      let isText = [TokenList.Kind.normal.rawValue, TokenList.Kind.userDefined.rawValue].contains(
        list.types[id])
      guard let place, isText else { continue }
      var slot = Self.hash(file.tokens[place]) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(id)
    }
  }

  func text(of id: Int) -> ArraySlice<UInt8>? {
    guard id < file.places.count, let place = file.places[id] else { return nil }
    return file.tokens[place]
  }

  func find(_ text: ArraySlice<UInt8>) -> Int? {
    var slot = Self.hash(text) & mask
    while slots[slot] >= 0 {
      let id = Int(slots[slot])
      if let found = self.text(of: id), found == text { return id }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// In how many ways `text` is two tokens, one after the other.
  func divisions(of text: ArraySlice<UInt8>) -> Int {
    text.indices.dropFirst().count { middle in
      // Inside a character there is no token's end.
      text[middle] & 0xC0 != 0x80 && find(text[..<middle]) != nil && find(text[middle...]) != nil
    }
  }

  /// FNV-1a.
  private static func hash(_ text: ArraySlice<UInt8>) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int(truncatingIfNeeded: hash >> 1)
  }
}
