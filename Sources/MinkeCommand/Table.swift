/// Rows of text in columns, for people.
package struct Table: Sendable {
  package enum Alignment: Sendable {
    case left, right
  }

  private let alignments: [Alignment]
  private var rows: [[String]]

  package init(_ header: [(String, Alignment)]) {
    alignments = header.map(\.1)
    rows = [header.map(\.0)]
  }

  package mutating func add(_ row: [String]) {
    rows.append(row)
  }

  /// The lines, each as wide as its cells need and without spaces at its end.
  package var text: String {
    let widths = alignments.indices.map { column in
      rows.map { $0.indices.contains(column) ? DisplayWidth.of($0[column]) : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = zip(row.indices, row).map { column, cell in
        let space = String(repeating: " ", count: widths[column] - DisplayWidth.of(cell))
        return alignments[column] == .left ? cell + space : space + cell
      }
      var line = cells.joined(separator: "  ")[...]
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  /// A Markdown table.
  package var markdown: String {
    let rule = alignments.map { $0 == .left ? "---" : "---:" }
    let cells = rows.map { $0.map { $0.replacing("|", with: "\\|") } }
    return (cells.prefix(1) + [rule] + cells.dropFirst()).map { "| " + $0.joined(separator: " | ") + " |\n" }
      .joined()
  }
}
