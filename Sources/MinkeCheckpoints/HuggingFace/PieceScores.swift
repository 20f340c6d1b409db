/// The scores of a SentencePiece vocabulary, won back from the merges that `tokenizer.json` has in their place.
///
/// SentencePiece joins the two neighbours that together are the best-scored piece; `tokenizers` joins those whose merge comes
/// first. The two are the same if the merges of a piece are all its divisions into two pieces and stand together: that is
/// how `transformers` writes them, and what is checked here. One piece may have no merges: those of the best-scored one are
/// missing from the files of Llama 2, whose vocabulary is numbered by falling scores, so that they are known even so.
struct PieceScores {
  /// By token.
  private(set) var values: [Float]
  private let file: TokenizerFile
  private let list: TokenList
  private let table: PieceTable
  /// By token: its merges, and the place of the first among those of other tokens.
  private var counts: [Int]
  private var groups: [Int]

  init(_ file: TokenizerFile, _ list: TokenList) throws(CheckpointError) {
    (self.file, self.list) = (file, list)
    table = PieceTable(file)
    counts = [Int](repeating: 0, count: list.count)
    groups = counts
    values = []
    let isNumberedByScore = try readMerges()
    let last = groups.max() ?? 0
    // What is not text is never merged, so that its score does not matter.
    values = (0..<list.count).map { id in
      isNumberedByScore ? -Float(id) : -Float(counts[id] > 0 ? groups[id] : last + 1)
    }
    for id in 0..<list.count where isNormal(id) && !(counts[id] == 0 && isNumberedByScore) {
      guard divisions(of: id) == counts[id] else {
        throw CheckpointError(
          .unsupported, path: file.path, at: .key("model.merges"),
          found: "\(counts[id]) merges to token \(id)",
          expected: "one for each division into two tokens, as SentencePiece merges")
      }
    }
  }

  /// Counts the merges of each token.
  ///
  /// - Returns: whether tokens are merged in the order of their identifiers.
  private mutating func readMerges() throws(CheckpointError) -> Bool {
    var isOrdered = true
    var (group, last) = (0, -1)
    var piece: [UInt8] = []
    for index in 0..<file.merges.count {
      let merge = file.merges[index]
      guard let space = merge.firstIndex(of: 0x20) else { throw failure(index, "one token") }
      piece.removeAll(keepingCapacity: true)
      piece.append(contentsOf: merge[..<space])
      let middle = piece.count
      piece.append(contentsOf: merge[(space + 1)...])
      guard let id = table.find(piece.span, 0..<piece.count), let left = table.find(piece.span, 0..<middle),
        let right = table.find(piece.span, middle..<piece.count)
      else { throw failure(index, "a token that the vocabulary lacks") }
      guard isText(id), isText(left), isText(right) else { continue }
      if id != last {
        // What is always one token goes first whatever its score.
        if isNormal(id) {
          guard counts[id] == 0 else { throw failure(index, "a piece whose other merges stand elsewhere") }
          if last >= 0, isNormal(last), last > id { isOrdered = false }
          last = id
        }
        group += 1
      }
      if counts[id] == 0 { groups[id] = group }
      counts[id] += 1
    }
    return isOrdered
  }

  private func isNormal(_ id: Int) -> Bool { list.types[id] == TokenList.Kind.normal.rawValue }

  private func isText(_ id: Int) -> Bool {
    isNormal(id) || list.types[id] == TokenList.Kind.userDefined.rawValue
  }

  /// In how many ways a token is two tokens of text, one after the other.
  private func divisions(of id: Int) -> Int {
    guard id < file.places.count, let place = file.places[id] else { return 0 }
    let (bytes, range) = (file.tokens.bytes.span, file.tokens.range(place))
    func isToken(_ part: Range<Int>) -> Bool { table.find(bytes, part).map(isText) ?? false }
    return range.dropFirst().count { middle in
      // Inside a character there is no token's end.
      bytes[middle] & 0xC0 != 0x80 && isToken(range.lowerBound..<middle) && isToken(middle..<range.upperBound)
    }
  }

  private func failure(_ index: Int, _ found: String) -> CheckpointError {
    CheckpointError(
      .unsupported, path: file.path, at: .key("model.merges"), found: "\(found) in merge \(index)",
      expected: "merges in the order of SentencePiece's scores")
  }
}

/// Finds the tokens of a vocabulary by their bytes.
private struct PieceTable {
  /// Open addressing. The hash tells most other tokens apart without a look at their bytes.
  private struct Entry {
    var hash: UInt32 = 0
    var id: Int32 = -1
    /// Where the bytes lie.
    var start: UInt32 = 0
    var end: UInt32 = 0

    var range: Range<Int> { Int(start)..<Int(end) }
  }

  private let file: TokenizerFile
  private var entries: [Entry]
  private let mask: Int

  init(_ file: TokenizerFile) {
    self.file = file
    var size = 16
    while size < file.tokens.count * 2 { size *= 2 }
    mask = size - 1
    entries = [Entry](repeating: Entry(), count: size)
    let bytes = file.tokens.bytes.span
    for (id, place) in file.places.enumerated() {
      guard let place else { continue }
      let range = file.tokens.range(place)
      let hash = Self.hash(bytes, range)
      var slot = Int(hash) & mask
      while entries[slot].id >= 0 { slot = (slot + 1) & mask }
      // A vocabulary has less than 4 GiB.
      entries[slot] = Entry(
        hash: hash, id: Int32(id), start: UInt32(range.lowerBound), end: UInt32(range.upperBound))
    }
  }

  /// The token that `text[range]` spells.
  func find(_ text: Span<UInt8>, _ range: Range<Int>) -> Int? {
    let bytes = file.tokens.bytes.span
    let hash = Self.hash(text, range)
    var slot = Int(hash) & mask
    while entries[slot].id >= 0 {
      let entry = entries[slot]
      if entry.hash == hash, Self.isEqual(bytes, entry.range, text, range) { return Int(entry.id) }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private static func isEqual(
    _ left: Span<UInt8>, _ leftRange: Range<Int>, _ right: Span<UInt8>, _ rightRange: Range<Int>
  ) -> Bool {
    guard leftRange.count == rightRange.count else { return false }
    let offset = rightRange.lowerBound - leftRange.lowerBound
    for index in leftRange where left[index] != right[index + offset] { return false }
    return true
  }

  /// Keyed anew in each process, so that no file can be made whose tokens all collide.
  private static func hash(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt32 {
    var hasher = Hasher()
    unsafe text.extracting(range).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
    return UInt32(truncatingIfNeeded: hasher.finalize())
  }
}
