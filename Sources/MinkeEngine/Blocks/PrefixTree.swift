/// Blocks by the tokens that they hold and that come before them: one tree for each identity.
///
/// A node is a block of 64 tokens, or of fewer where a sequence ended; only full ones have children. A node is *pinned* by
/// each sequence that runs through it. What is not pinned may be evicted, leaves first, the least recently used first; the
/// blocks of layers with a window, which later tokens do not need, also before that.
struct PrefixTree {
  struct Node {
    var tokens: [Int32]
    var blocks: BlockNumbers
    /// −1: at the beginning of a sequence.
    var parent: Int
    var owner: Int
    var childCount = 0
    /// Sequences that run through the node.
    var pins = 0
    /// Sequences that still see its block of layers with a window.
    var windowPins = 0
    var lastUse: UInt64 = 0
    var isFree = false
    /// No other node has or had it, unlike the node's number.
    let serial: UInt64
  }

  /// Where children are looked for.
  private struct Edge: Hashable {
    var owner: Int
    var parent: Int
    var first: Int32
  }

  private(set) var nodes: [Node] = []
  private var nextSerial: UInt64 = 0
  private var freeNodes: [Int] = []
  private var edges: [Edge: [Int]] = [:]
  private var owners: [Identity: Int] = [:]
  /// Nodes of each owner; 0 for one that is free.
  private var nodeCounts: [Int] = []
  private var identities: [Identity] = []
  private var freeOwners: [Int] = []

  subscript(node: Int) -> Node {
    get { nodes[node] }
    _modify { yield &nodes[node] }
  }

  var nodeCount: Int { nodes.count - freeNodes.count }

  func owner(of identity: Identity) -> Int? { owners[identity] }

  /// Owners that have nodes.
  var activeOwners: Dictionary<Identity, Int>.Values { owners.values }

  /// The child of `parent` with exactly these tokens.
  func child(of parent: Int, identity: Identity, _ tokens: ArraySlice<Int32>) -> Int? {
    candidates(parent, identity, tokens.first).first { nodes[$0].tokens.elementsEqual(tokens) }
  }

  /// The child of `parent` that has the most of the first of these tokens, and how many.
  func longestMatch(of parent: Int, identity: Identity, _ tokens: ArraySlice<Int32>) -> (
    node: Int, count: Int
  )? {
    var best: (node: Int, count: Int)?
    for node in candidates(parent, identity, tokens.first) {
      let count = zip(nodes[node].tokens, tokens).prefix { $0 == $1 }.count
      if count > best?.count ?? 0 { best = (node, count) }
    }
    return best
  }

  /// Children of `parent` whose tokens are fewer than 64 and the first of `tokens`.
  func supersededChildren(of parent: Int, identity: Identity, by tokens: ArraySlice<Int32>) -> [Int] {
    candidates(parent, identity, tokens.first).filter {
      nodes[$0].tokens.count < tokens.count && tokens.starts(with: nodes[$0].tokens)
    }
  }

  private func candidates(_ parent: Int, _ identity: Identity, _ first: Int32?) -> [Int] {
    guard let owner = owners[identity], let first else { return [] }
    return edges[Edge(owner: owner, parent: parent, first: first)] ?? []
  }

  mutating func insert(
    _ tokens: ArraySlice<Int32>, _ blocks: BlockNumbers, under parent: Int, identity: Identity
  ) -> Int {
    let owner = makeOwner(identity)
    let node = Node(
      tokens: Array(tokens), blocks: blocks, parent: parent, owner: owner, serial: nextSerial)
    nextSerial += 1
    let index = freeNodes.popLast() ?? nodes.count
    if index == nodes.count { nodes.append(node) } else { nodes[index] = node }
    edges[Edge(owner: owner, parent: parent, first: node.tokens[0]), default: []].append(index)
    if parent >= 0 { nodes[parent].childCount += 1 }
    nodeCounts[owner] += 1
    return index
  }

  /// Takes a leaf out.
  mutating func remove(_ index: Int) {
    let node = nodes[index]
    precondition(node.childCount == 0 && node.pins == 0, "only what nobody uses is removed")
    let edge = Edge(owner: node.owner, parent: node.parent, first: node.tokens[0])
    edges[edge]?.removeAll { $0 == index }
    if edges[edge]?.isEmpty == true { edges[edge] = nil }
    if node.parent >= 0 { nodes[node.parent].childCount -= 1 }
    nodes[index].isFree = true
    nodes[index].tokens = []
    freeNodes.append(index)
    nodeCounts[node.owner] -= 1
    guard nodeCounts[node.owner] == 0 else { return }
    owners[identities[node.owner]] = nil
    freeOwners.append(node.owner)
  }

  private mutating func makeOwner(_ identity: Identity) -> Int {
    if let owner = owners[identity] { return owner }
    let owner = freeOwners.popLast() ?? nodeCounts.count
    if owner == nodeCounts.count {
      nodeCounts.append(0)
      identities.append(identity)
    } else {
      identities[owner] = identity
    }
    owners[identity] = owner
    return owner
  }
}
