/// A walk over the tokens with a set of parses: which tokens fit, and where parses leave what is known.
struct TrieWalk {
  /// Nodes of the trie at which a parse has reached the bottom of its stack: what lies below a node depends
  /// on what lies below the stack.
  typealias Exits = [UInt32]

  /// The set of parses at each depth.
  private var path: [UInt32]

  init(_ trie: TokenTrie) {
    path = Array(repeating: 0, count: trie.maximumDepth + 1)
  }

  /// Adds to `mask` the tokens that go on below one of the nodes and fit, and to `exits` the exits there.
  ///
  /// - Parameter set: the parses at each of the nodes.
  mutating func run(
    _ trie: TokenTrie, below roots: Exits, set: UInt32, _ table: inout StackSetTable,
    calls: inout Int, mask: inout TokenMask, exits: inout Exits
  ) throws(GrammarError) {
    let nodes = trie.nodes.span
    let classes = table.tables.classOf
    let classOf = classes.span
    var path = self.path.mutableSpan
    var words = mask.words.mutableSpan
    for root in roots {
      // Of plain bytes alone, as long as they certainly fit: known without a walk.
      let plain = root == 0 ? min(Int(try table.runway(set, calls: &calls)), trie.plainTokens.count - 1) : 0
      for (index, word) in trie.plainTokens[plain].enumerated() { words[index] |= word }
      path[Int(nodes[Int(root)].depth)] = set
      let end = Int(nodes[Int(root)].end)
      var index = Int(root) + 1
      while index < end {
        let node = nodes[index]
        let depth = Int(node.depth)
        if node.isPlain, node.plainLength != TokenTrie.notPlain, depth + Int(node.plainLength) <= plain {
          index = Int(node.end)
          continue
        }
        let target = try table.target(path[depth - 1], classOf[Int(node.byte)], node.byte, calls: &calls)
        if target == StackSetTable.dead {
          index = Int(node.end)
          continue
        }
        path[depth] = target
        if node.token >= 0 {
          let token = UInt(bitPattern: Int(node.token))
          words[Int(token >> 6)] |= 1 << UInt64(token & 63)
        }
        if node.plainLength != TokenTrie.notPlain, node.plainLength > 1,
          try table.runway(target, calls: &calls) >= node.plainLength
        {
          for below in index + 1..<Int(node.end) where nodes[below].token >= 0 {
            let token = UInt(bitPattern: Int(nodes[below].token))
            words[Int(token >> 6)] |= 1 << UInt64(token & 63)
          }
          index = Int(node.end)
          continue
        }
        index += 1
        if table.reachesBottom[Int(target)], Int(node.end) > index { exits.append(UInt32(index - 1)) }
      }
    }
  }
}
