/// Collects what a type asks for while it decodes itself.
final class SchemaBuilder {
  private enum Shape {
    case unknown
    case node(SchemaNode)
    case object
    case array(SchemaBuilder)
  }

  private var shape = Shape.unknown
  private var properties: [(name: String, builder: SchemaBuilder, isRequired: Bool)] = []
  var isNullable = false
  var descriptions: [String: String] = [:]

  /// The first description counts, as of a type that tries to decode itself in several ways.
  func set(_ node: SchemaNode) {
    if case .unknown = shape { shape = .node(node) }
  }

  func setObject() {
    if case .unknown = shape { shape = .object }
  }

  func setArray(of element: SchemaBuilder) {
    if case .unknown = shape { shape = .array(element) }
  }

  func property(_ name: String, isRequired: Bool) -> SchemaBuilder {
    setObject()
    if let known = properties.first(where: { $0.name == name }) { return known.builder }
    let builder = SchemaBuilder()
    properties.append((name, builder, isRequired))
    return builder
  }

  var propertyNames: [String] { properties.map(\.name) }

  /// A type that asks for nothing is an object without properties.
  var node: SchemaNode {
    let node: SchemaNode =
      switch shape {
      case .node(let node): node
      case .array(let element): .array(element.node)
      case .object, .unknown:
        .object(
          properties.map {
            SchemaNode.Property(
              name: $0.name, node: $0.builder.node, isRequired: $0.isRequired,
              description: descriptions[$0.name])
          })
      }
    return isNullable ? .nullable(node) : node
  }
}
