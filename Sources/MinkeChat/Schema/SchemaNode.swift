/// A JSON Schema as far as Swift types need it.
indirect enum SchemaNode {
  struct Property {
    let name: String
    let node: SchemaNode
    let isRequired: Bool
    let description: String?
  }

  /// Members of the schema, as JSON text: of a string, a number, an enumeration.
  case simple([(key: String, value: String)])
  case array(SchemaNode)
  /// An object with any keys.
  case map(SchemaNode)
  case object([Property])
  /// Perhaps `null`.
  case nullable(SchemaNode)

  static func type(_ name: String) -> SchemaNode { .simple([("type", quoted(name))]) }

  static func integer<Number: FixedWidthInteger>(_ type: Number.Type) -> SchemaNode {
    var members = [(key: "type", value: quoted("integer"))]
    // The bounds of 64 bits help nobody, and lie beyond what many readers of JSON hold exactly.
    if !Number.isSigned || Number.bitWidth < 64 { members.append(("minimum", "\(Number.min)")) }
    if Number.bitWidth < 64 { members.append(("maximum", "\(Number.max)")) }
    return .simple(members)
  }

  /// The schema as text, beginning with a description if there is one.
  func json(_ description: String? = nil) -> String {
    var members = members
    if let description {
      members.removeAll { $0.key == "description" }
      members.insert(("description", quoted(description)), at: 0)
    }
    return "{" + members.map { "\(quoted($0.key)): \($0.value)" }.joined(separator: ", ") + "}"
  }

  private var members: [(key: String, value: String)] {
    switch self {
    case .simple(let members): return members
    case .array(let node): return [("type", quoted("array")), ("items", node.json())]
    case .map(let node): return [("type", quoted("object")), ("additionalProperties", node.json())]
    case .nullable(let node): return [("anyOf", "[\(node.json()), {\"type\": \"null\"}]")]
    case .object(let properties):
      let texts = properties.map { "\(quoted($0.name)): \($0.node.json($0.description))" }
      let required = properties.filter(\.isRequired).map { quoted($0.name) }
      return [
        ("type", quoted("object")), ("properties", "{" + texts.joined(separator: ", ") + "}"),
        ("required", "[" + required.joined(separator: ", ") + "]"), ("additionalProperties", "false"),
      ]
    }
  }
}
