import MinkeGrammar

/// Writes JSON values in the ways in which a model might.
enum JSONWriter {
  /// Where white space stands, as `json.dumps` has it.
  enum Style: CaseIterable { case compact, spaced, indented }

  static func text(_ value: JSONValue, _ style: Style = .compact, depth: Int = 0) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let number): number.text
    case .string(let text): quoted(text)
    case .array(let elements):
      list(elements.map { text($0, style, depth: depth + 1) }, "[", "]", style, depth)
    case .object(let members):
      list(
        members.entries.map {
          quoted($0.name) + (style == .compact ? ":" : ": ") + text($0.value, style, depth: depth + 1)
        }, "{", "}", style, depth)
    }
  }

  private static func list(
    _ items: [String], _ open: String, _ close: String, _ style: Style, _ depth: Int
  ) -> String {
    guard !items.isEmpty else { return open + close }
    switch style {
    case .compact: return open + items.joined(separator: ",") + close
    case .spaced: return open + items.joined(separator: ", ") + close
    case .indented:
      let line = "\n" + String(repeating: "  ", count: depth + 1)
      return open + line + items.joined(separator: "," + line) + line.dropLast(2) + close
    }
  }

  /// With the shortest escapes, and only where they are needed.
  static func quoted(_ text: JSONText) -> String {
    var result = "\""
    for scalar in text.description.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{8}": result += "\\b"
      case "\u{c}": result += "\\f"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// The value with its members in every order, as long as these are not too many.
  static func orders(of value: JSONValue, limit: Int = 720) -> [JSONValue] {
    switch value {
    case .array(let elements):
      return combinations(elements.map { orders(of: $0, limit: limit) }, limit).map(JSONValue.array)
    case .object(let members):
      let parts = members.entries.map { entry in
        orders(of: entry.value, limit: limit).map { (entry.name, $0) }
      }
      let all = combinations(parts, limit).flatMap { permutations($0, limit) }
      return all.prefix(limit).map { entries in
        var result = JSONMembers()
        for (name, value) in entries { _ = result.add(name, value) }
        return .object(result)
      }
    default: return [value]
    }
  }

  private static func combinations<Part>(_ choices: [[Part]], _ limit: Int) -> [[Part]] {
    choices.reduce([[]]) { results, parts in
      Array(results.flatMap { result in parts.map { result + [$0] } }.prefix(limit))
    }
  }

  private static func permutations<Part>(_ parts: [Part], _ limit: Int) -> [[Part]] {
    guard parts.count > 1 else { return [parts] }
    var results: [[Part]] = []
    for index in parts.indices where results.count < limit {
      var rest = parts
      let part = rest.remove(at: index)
      results += permutations(rest, limit).map { [part] + $0 }
    }
    return Array(results.prefix(limit))
  }
}
