/// Texts that must not begin in certain ways, as a regular expression.
///
/// Beginnings are given as pieces; white space may stand between pieces, and before the first of them.
struct ExcludedBeginnings {
  /// A tree of characters; a leaf is a beginning that is complete.
  private struct Node {
    var children: [Character: Node] = [:]
    /// Whether white space changes nothing here: a piece has ended.
    var skipsSpace = false
  }

  private var root = Node(skipsSpace: true)

  mutating func add(_ pieces: [String]) { Self.add(pieces[...], to: &root) }

  private static func add(_ pieces: ArraySlice<String>, to node: inout Node) {
    guard let piece = pieces.first else { return }
    guard let character = piece.first else {
      node.skipsSpace = true
      return add(pieces.dropFirst(), to: &node)
    }
    let rest = [String(piece.dropFirst())] + pieces.dropFirst()
    // The end of the last piece is a leaf.
    let isLast = rest == [""]
    add(isLast ? [] : rest[...], to: &node.children[character, default: Node()])
  }

  /// Any text that begins with none of them.
  var pattern: String { Self.pattern(root, space: "[ \\t\\r\\n;]*") }

  private static func pattern(_ node: Node, space: String = "[ \\t\\r\\n]*") -> String {
    let children = node.children.sorted { $0.key < $1.key }
    let others = children.map { escaped($0.key) }.joined() + (node.skipsSpace ? " \\t\\r\\n;" : "")
    var branches = ["[^\(others)][\\s\\S]*"]
    for (character, child) in children where !child.children.isEmpty {
      branches.append(escaped(character) + pattern(child))
    }
    return (node.skipsSpace ? space : "") + "(\(branches.joined(separator: "|")))?"
  }

  private static func escaped(_ character: Character) -> String {
    #"\{}[]()^$.|?*+-/"#.contains(character) ? "\\\(character)" : String(character)
  }
}
