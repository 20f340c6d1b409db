import MinkeEngine

/// Stands in for a model: what it would write to the cache for a position is a hash of the tokens up to there, and the next
/// token is a hash of that. So a sequence whose cache holds anything but its own past is found out.
struct PretendModel {
  let groups: [BlockGroup]
  /// By group and block: what its positions hold.
  private var memory: [[Int32: [UInt64]]]

  init(_ groups: [BlockGroup]) {
    self.groups = groups
    memory = groups.map { _ in [:] }
  }

  static func hash(_ past: UInt64, _ token: Int32) -> UInt64 {
    var z = past ^ (UInt64(UInt32(bitPattern: token)) &+ 0x9E37_79B9_7F4A_7C15)
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The token that follows, of so many.
  static func next(_ past: UInt64, vocabulary: UInt64) -> Int32 { Int32(past % vocabulary) }

  mutating func copy(_ copies: [BlockCopy]) {
    for copy in copies { memory[copy.group][copy.target] = memory[copy.group][copy.source] }
  }

  mutating func release(_ places: [BlockPlace]) {
    for place in places { memory[place.group][place.block] = nil }
  }

  /// What blocks hold, by group.
  func contents(_ numbers: BlockNumbers) -> [[UInt64]?] {
    groups.indices.map { numbers[$0] >= 0 ? memory[$0][numbers[$0]] : nil }
  }

  /// Writes what blocks have held elsewhere.
  mutating func fill(_ numbers: BlockNumbers, _ contents: [[UInt64]?]) {
    for group in groups.indices where numbers[group] >= 0 { memory[group][numbers[group]] = contents[group] }
  }

  /// Computes a slice: reads what its tokens see, writes what they are.
  ///
  /// - Returns: what each row knows of its past; nil where a row did not find its own.
  mutating func run(_ sequence: TokenSequence, _ tokens: [Int32]) -> [UInt64]? {
    let start = sequence.computed
    let all = Array(sequence.tokens[..<start]) + tokens
    let hashes = Self.hashes(all)
    let length = BlockManager.blockLength
    for group in groups.indices {
      for position in start..<all.count {
        let block = sequence.table.blocks[position / length][group]
        guard block >= 0 else { return nil }
        memory[group][block, default: Array(repeating: 0, count: length)][position % length] =
          hashes[position]
      }
      for position in start..<all.count {
        let first = groups[group].window.map { max(0, position - $0 + 1) } ?? 0
        for seen in first...position {
          let block = sequence.table.blocks[seen / length][group]
          guard block >= 0, memory[group][block]?[seen % length] == hashes[seen] else { return nil }
        }
      }
    }
    return Array(hashes[start...])
  }

  private static func hashes(_ tokens: some Sequence<Int32>) -> [UInt64] {
    var hashes: [UInt64] = []
    for token in tokens { hashes.append(hash(hashes.last ?? 0, token)) }
    return hashes
  }

  /// Writes positions of a sequence of these tokens, of one group.
  mutating func write(_ tokens: [Int32], _ positions: Range<Int>, _ blocks: [BlockNumbers], group: Int) {
    let (hashes, length) = (Self.hashes(tokens), BlockManager.blockLength)
    for position in positions {
      memory[group][blocks[position / length][group], default: Array(repeating: 0, count: length)][
        position % length] = hashes[position]
    }
  }

  /// Whether the first positions of a sequence are those of its tokens.
  func holds(_ tokens: some Sequence<Int32>, _ blocks: [BlockNumbers], group: Int) -> Bool {
    let length = BlockManager.blockLength
    return Self.hashes(tokens).enumerated().allSatisfy { position, hash in
      memory[group][blocks[position / length][group]]?[position % length] == hash
    }
  }

  /// What a sequence comes to alone.
  static func alone(_ prompt: [Int32], count: Int, vocabulary: UInt64) -> [Int32] {
    var past: UInt64 = 0
    for token in prompt { past = hash(past, token) }
    var tokens = prompt
    for _ in 0..<count {
      tokens.append(next(past, vocabulary: vocabulary))
      past = hash(past, tokens[tokens.count - 1])
    }
    return tokens
  }
}
