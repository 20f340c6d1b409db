/// Turns schemas into rules: one for each set of schemas that a value has to be valid under.
///
/// Everything that the rules match is valid. What they do not match although it is valid: members in other
/// orders than the schema's, with additional ones last; white space other than ``JSONRules``'; numbers with an
/// exponent where a bound or divisor is given, and integers with a point; needless escapes in strings that are
/// constrained. The names of additional members may come twice, as JSON allows.
struct SchemaLowering {
  var reader: SchemaReader
  var rules: RuleSet
  /// By the schemas that a rule stands for.
  private var numbers: [Set<SchemaLocation>: Int] = [:]
  /// Rules that are called and not yet defined.
  private var pending: [(rule: Int, shapes: [Shape])] = []

  static func expression(
    of text: String, _ rules: inout RuleSet, _ budget: inout CompilationBudget
  ) throws(GrammarError) -> Expression {
    let document = try SchemaDocument(text)
    var lowering = SchemaLowering(reader: SchemaReader(document, budget: budget), rules: rules)
    let root = try lowering.expression(of: [.root])
    while let (rule, shapes) = lowering.pending.popLast() {
      lowering.rules.define(rule, as: try lowering.choice(of: shapes))
    }
    rules = lowering.rules
    budget = lowering.reader.budget
    return root
  }

  /// What values that are valid under all these schemas are written as.
  mutating func expression(of schemas: [SchemaLocation]) throws(GrammarError) -> Expression {
    let key = Set(schemas)
    if let rule = numbers[key] { return .rule(rule) }
    let shapes = try reader.shapes(of: schemas)
    // Short texts stand where they are used, so that alternatives are told apart in one automaton.
    if shapes.allSatisfy(\.isShort) { return try choice(of: shapes) }
    let rule = try rules.declare(schemas.first.map { "JSON schema \($0)" } ?? "JSON schema")
    numbers[key] = rule
    pending.append((rule, shapes))
    return .rule(rule)
  }

  private mutating func choice(of shapes: [Shape]) throws(GrammarError) -> Expression {
    var result: [Expression] = []
    for shape in shapes { result.append(try expression(of: shape)) }
    return result.count == 1 ? result[0] : .choice(result)
  }

  private mutating func expression(of shape: Shape) throws(GrammarError) -> Expression {
    if let values = shape.values {
      let admitted = try reader.admitted(values, shape)
      let space = try JSONRules.space(&rules)
      return .choice(admitted.map { literal($0, space) })
    }
    if shape == .any { return .rule(try JSONRules.anyValue(&rules)) }
    var result: [Expression] = []
    if shape.types.contains(.object) { result.append(try object(shape.object)) }
    if shape.types.contains(.array) { result.append(try array(shape.array)) }
    if shape.types.contains(.string) { result.append(try string(shape)) }
    if !shape.types.isDisjoint(with: .number) { result.append(try number(shape)) }
    if shape.types.contains(.boolean) { result += [.text("true"), .text("false")] }
    if shape.types.contains(.null) { result.append(.text("null")) }
    return result.count == 1 ? result[0] : .choice(result)
  }

  /// A value as it is written.
  private func literal(_ value: JSONValue, _ space: Expression) -> Expression {
    switch value {
    case .null: return .text("null")
    case .bool(let value): return .text("\(value)")
    case .number(let number): return .text(number.text)
    case .string(let text): return .bytes(JSONEscapes.literal(text))
    case .array(let elements):
      return list(elements.map { literal($0, space) }, "[", "]", space)
    case .object(let members):
      return list(
        members.entries.map {
          .sequence([.bytes(JSONEscapes.literal($0.name)), .text(":"), space, literal($0.value, space)])
        }, "{", "}", space)
    }
  }

  private func list(_ items: [Expression], _ open: String, _ close: String, _ space: Expression) -> Expression
  {
    var parts: [Expression] = [.text(open), space]
    for (index, item) in items.enumerated() {
      if index > 0 { parts += [.text(","), space] }
      parts.append(item)
    }
    if !items.isEmpty { parts.append(space) }
    return .sequence(parts + [.text(close)])
  }

  private mutating func number(_ shape: Shape) throws(GrammarError) -> Expression {
    let isInteger = !shape.types.contains(.fraction)
    if shape.number == NumberConstraint(), shape.types.contains(.integer) {
      return isInteger ? try JSONRules.integer(&rules) : try JSONRules.number(&rules)
    }
    var automaton = try NumberLanguage(shape.number, isInteger: isInteger).automaton(budget: &reader.budget)
    if !shape.types.contains(.integer) {
      let zeros = Expression.sequence([.text("."), .repetition(.text("0"), minimum: 1, maximum: nil)])
      let integers = Expression.sequence([.optional(.text("-")), JSONRules.natural, .optional(zeros)])
      automaton = try automaton.subtracting(
        Automaton(integers, budget: &reader.budget), &reader.budget)
    }
    return .automaton(automaton)
  }

  private mutating func string(_ shape: Shape) throws(GrammarError) -> Expression {
    if shape.string.patterns.isEmpty, shape.string.formats.isEmpty, shape.string != StringConstraint() {
      return try LongText.literal(shape.string.minimum, shape.string.maximum, &rules)
    }
    guard let content = try reader.content(of: shape) else { return try JSONRules.string(&rules) }
    return .sequence([.text("\""), content, .text("\"")])
  }
}

extension Shape {
  /// Whether all its values are short texts without parts of their own.
  fileprivate var isShort: Bool {
    if let values {
      return values.count <= 16
        && values.allSatisfy { !JSONTypes(of: $0).isSubset(of: [.array, .object]) }
    }
    return types.isSubset(of: [.null, .boolean])
  }
}
