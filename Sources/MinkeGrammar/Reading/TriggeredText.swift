/// Any bytes, watched for texts that change what may follow (Aho and Corasick 1975).
struct TriggeredText {
  private static let maximumBytes = 4096

  private let triggers: [[UInt8]]

  init(_ triggers: [[UInt8]]) { self.triggers = triggers }

  private struct Node {
    var children: [UInt8: Int] = [:]
    /// The node of the longest proper suffix that is the beginning of a trigger.
    var fallback = 0
    /// The trigger that is complete here; the longest, if several are.
    var trigger: Int?
  }

  /// - Parameter bodies: what follows each trigger, after which any text follows again; nil if the text
  ///   ends with the first trigger.
  func graph(then bodies: [Expression]?) throws(GrammarError) -> Expression.Graph {
    let nodes = try self.nodes()
    var graph = Expression.Graph()
    for _ in nodes.dropFirst() { _ = graph.state() }
    let end = graph.state()
    for (index, node) in nodes.enumerated() {
      if let trigger = node.trigger {
        if let bodies {
          graph.connect(index, 0, bodies[trigger])
        } else {
          graph.connect(index, end)
        }
        continue
      }
      if bodies != nil { graph.accepting.append(index) }
      connect(index, nodes, &graph)
    }
    if bodies == nil { graph.accepting = [end] }
    return graph
  }

  /// The edges of a state in which no trigger is complete: one for each byte.
  private func connect(_ index: Int, _ nodes: [Node], _ graph: inout Expression.Graph) {
    var start = 0
    var target = self.target(index, 0, nodes)
    for byte in 1...256 {
      let next = byte < 256 ? self.target(index, UInt8(byte), nodes) : -1
      if next != target {
        graph.connect(index, target, .byte(UInt8(start)...UInt8(byte - 1)))
        (start, target) = (byte, next)
      }
    }
  }

  private func target(_ index: Int, _ byte: UInt8, _ nodes: [Node]) -> Int {
    var index = index
    while true {
      if let child = nodes[index].children[byte] { return child }
      if index == 0 { return 0 }
      index = nodes[index].fallback
    }
  }

  private func nodes() throws(GrammarError) -> [Node] {
    let total = triggers.reduce(0) { $0 + $1.count }
    guard total <= Self.maximumBytes, !triggers.contains([]) else {
      throw GrammarError(
        at: "triggers", found: total > Self.maximumBytes ? "\(total) bytes" : "an empty one",
        expected: "texts of 1 to \(Self.maximumBytes) bytes in all")
    }
    var nodes = [Node()]
    for (number, trigger) in triggers.enumerated() {
      var index = 0
      for byte in trigger {
        if let child = nodes[index].children[byte] {
          index = child
        } else {
          nodes.append(Node())
          nodes[index].children[byte] = nodes.count - 1
          index = nodes.count - 1
        }
      }
      guard nodes[index].trigger == nil else {
        throw GrammarError(
          at: "triggers", found: "\(String(decoding: trigger, as: UTF8.self)) twice",
          expected: "each trigger once")
      }
      nodes[index].trigger = number
    }
    // Breadth first: a node's fallback is less deep.
    var order = [0]
    var position = 0
    while position < order.count {
      let index = order[position]
      position += 1
      for (byte, child) in nodes[index].children.sorted(by: { $0.key < $1.key }) {
        if index != 0 { nodes[child].fallback = target(nodes[index].fallback, byte, nodes) }
        nodes[child].trigger = nodes[child].trigger ?? nodes[nodes[child].fallback].trigger
        order.append(child)
      }
    }
    return nodes
  }
}
