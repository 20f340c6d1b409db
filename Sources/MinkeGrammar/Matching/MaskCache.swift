/// The masks of a grammar's states over a vocabulary, computed when they are first asked for.
struct MaskCache: ~Copyable {
  private let vocabulary: TokenVocabulary
  private var table: StackSetTable
  private var walk: TrieWalk
  private var trees: [UInt32: MaskTree] = [:]
  private var bytes = 0

  init(_ tables: GrammarTables, _ vocabulary: TokenVocabulary) {
    self.vocabulary = vocabulary
    table = StackSetTable(tables)
    walk = TrieWalk(vocabulary.trie)
  }

  /// Adds to `mask` the tokens that a parse can go on with.
  mutating func add(_ parses: StackSet, to mask: inout TokenMask) throws(GrammarError) {
    if table.isFull { table = StackSetTable(table.tables) }
    if bytes > GrammarLimits.maskBytes {
      trees.removeAll()
      bytes = 0
    }
    var calls = GrammarLimits.callsPerMask
    for stack in parses.stacks {
      var tree = try tree(of: stack.state, &calls)
      tree.add(to: &mask)
      var caller = stack.caller
      while let frame = caller, !tree.exits.isEmpty {
        tree = try self.tree(below: tree, frame.state, &calls)
        tree.add(to: &mask)
        caller = frame.caller
      }
    }
  }

  /// The tokens that fit from a state on until its rule ends.
  private mutating func tree(of state: UInt32, _ calls: inout Int) throws(GrammarError) -> MaskTree {
    if let known = trees[state] { return known }
    let tree = try search(from: [0], state, exits: [], &calls)
    trees[state] = tree
    return tree
  }

  /// The tokens that leave `inner` and fit in its caller's state.
  private mutating func tree(
    below inner: MaskTree, _ state: UInt32, _ calls: inout Int
  ) throws(GrammarError) -> MaskTree {
    if let known = inner.callers[state] { return known }
    let set = try table.number(ofState: state)
    // Where the caller may end as well, its caller goes on from the same nodes.
    let exits: TrieWalk.Exits = table.reachesBottom[Int(set)] ? inner.exits : []
    let tree = try search(from: inner.exits, state, exits: exits, &calls)
    inner.callers[state] = tree
    return tree
  }

  private mutating func search(
    from nodes: TrieWalk.Exits, _ state: UInt32, exits: TrieWalk.Exits, _ calls: inout Int
  ) throws(GrammarError) -> MaskTree {
    var mask = TokenMask(count: vocabulary.count)
    var exits = exits
    let set = try table.number(ofState: state)
    try walk.run(vocabulary.trie, below: nodes, set: set, &table, calls: &calls, mask: &mask, exits: &exits)
    let tree = MaskTree(mask, exits: exits)
    bytes += tree.bytes
    return tree
  }
}
