/// The bytes of all tokens as a tree, in depth-first order: tokens with a common beginning are looked at once.
struct TokenTrie: Sendable {
  struct Node: Sendable {
    /// The node after this one and all below it.
    var end: UInt32
    /// The token whose bytes end here, or −1.
    var token: Int32
    /// The number of bytes up to here; 0 for node 0, where every token begins.
    let depth: UInt16
    let byte: UInt8
    /// The bytes of the longest way on from here, if all bytes below are plain; otherwise ``notPlain``.
    var plainLength: UInt8 = 0
    /// Whether all bytes up to here are plain.
    var isPlain = false
  }

  /// Letters, digits and blanks: bytes that grammars seldom tell apart, of which most tokens are made.
  static let plainBytes: [UInt8] = Array(
    " 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
  static let notPlain = UInt8.max

  private(set) var nodes = [Node(end: 1, token: -1, depth: 0, byte: 0)]
  /// Tokens with the same bytes as one that has a node, and that one.
  private(set) var duplicates: [(token: Int32, original: Int32)] = []
  private(set) var maximumDepth = 0
  /// By length: the tokens of so many plain bytes or fewer, a bit each. The longest are for all lengths above.
  private(set) var plainTokens: [[UInt64]] = [[]]
  /// The length of the last of ``plainTokens``, at most.
  private static let longestPlain = 32

  init(_ tokens: [(token: Int32, bytes: [UInt8])]) {
    let sorted = tokens.sorted { left, right in
      left.bytes == right.bytes ? left.token < right.token : left.bytes.lexicographicallyPrecedes(right.bytes)
    }
    // The nodes on the way to the previous token.
    var path = [0]
    var previous: [UInt8] = []
    for (token, bytes) in sorted {
      let shared = zip(previous, bytes).prefix { $0 == $1 }.count
      if shared == bytes.count, shared == previous.count, let last = path.last, nodes[last].token >= 0 {
        duplicates.append((token, nodes[last].token))
        continue
      }
      for node in path[(shared + 1)...] { nodes[node].end = UInt32(nodes.count) }
      path.removeSubrange((shared + 1)...)
      for byte in bytes[shared...] {
        path.append(nodes.count)
        nodes.append(
          Node(end: 0, token: -1, depth: UInt16(truncatingIfNeeded: path.count - 1), byte: byte))
      }
      nodes[nodes.count - 1].token = token
      maximumDepth = max(maximumDepth, bytes.count)
      previous = bytes
    }
    for node in path { nodes[node].end = UInt32(nodes.count) }
    measurePlainLengths()
    gatherPlainTokens()
  }

  private mutating func gatherPlainTokens() {
    let plain = nodes.filter { $0.isPlain && $0.token >= 0 && $0.depth <= Self.longestPlain }
    let wordCount = (plain.map { Int($0.token) }.max() ?? -1) / 64 + 1
    let longest = plain.map { Int($0.depth) }.max() ?? 0
    plainTokens = Array(repeating: Array(repeating: 0, count: wordCount), count: longest + 1)
    for node in plain { plainTokens[Int(node.depth)][Int(node.token >> 6)] |= 1 << UInt64(node.token & 63) }
    for length in plainTokens.indices.dropFirst() {
      for word in 0..<wordCount { plainTokens[length][word] |= plainTokens[length - 1][word] }
    }
  }

  private mutating func measurePlainLengths() {
    var isPlain = [Bool](repeating: false, count: 256)
    for byte in Self.plainBytes { isPlain[Int(byte)] = true }
    // What lies below a node comes after it.
    var parents = [Int](repeating: 0, count: maximumDepth + 1)
    var parentOf = [Int](repeating: 0, count: nodes.count)
    for index in nodes.indices.dropFirst() {
      let depth = Int(nodes[index].depth)
      parents[depth] = index
      let parent = parents[depth - 1]
      parentOf[index] = parent
      nodes[index].isPlain = isPlain[Int(nodes[index].byte)] && (parent == 0 || nodes[parent].isPlain)
    }
    for index in nodes.indices.dropFirst().reversed() {
      let parent = parentOf[index]
      let isShort = isPlain[Int(nodes[index].byte)] && nodes[index].plainLength < Self.notPlain - 1
      let length = isShort ? nodes[index].plainLength + 1 : Self.notPlain
      nodes[parent].plainLength = max(nodes[parent].plainLength, length)
    }
  }
}
